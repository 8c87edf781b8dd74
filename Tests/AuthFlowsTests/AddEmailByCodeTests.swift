// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct AddEmailByCodeTests {
    @Test func `with verification by code an address is stored only after the code`() async throws {
        let world = try World.verifyingByCode(resends: 1)
        let member = try await world.member("a@x.org")
        let added = try await member.addEmail("b@x.org")
        #expect(added.answer == "a@x.org verified primary, b@x.org")
        #expect(added.said == ["email_confirmation_sent: code b@x.org"])
        #expect(added.mailed == ["email_confirmation to b@x.org"])
        #expect(try await member.listEmails().answer == "a@x.org verified primary, b@x.org")
        #expect(try await world.addressCount() == 1)
        #expect(try await member.makePrimary("b@x.org").answer == "refused unverified_primary_email in email")

        let happened = try await member.verify(try world.code(mailedTo: "b@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["email_added: b@x.org verified", "email_confirmed: b@x.org verified"])
        #expect(try await world.addressCount() == 2)
        #expect(try await member.verify("WRONG-CODE").answer == "conflict")
    }

    @Test func `the third wrong code ends the verification but not the session`() async throws {
        let world = try World.verifyingByCode(resends: 1)
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        for last in ["not last", "not last", "last"] {
            #expect(
                try await member.verify("WRONG-CODE").said == ["email_verification_code_rejected: \(last)"])
        }
        #expect(try await member.verify(try world.code(mailedTo: "b@x.org")).answer == "conflict")
        #expect(try await member.listEmails().answer == "a@x.org verified primary")
    }

    @Test func `the right code for an address taken meanwhile uses no attempt`() async throws {
        let world = try World.verifyingByCode(resends: 1)
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let code = try world.code(mailedTo: "b@x.org")
        _ = try await world.member("b@x.org")
        for _ in 1...4 {
            let happened = try await member.verify(code)
            #expect(happened.answer == "refused email_taken in key")
            #expect(happened.said == [])
        }
        #expect(try await world.addressCount() == 2)
    }

    @Test func `a code can be sent again or cancelled`() async throws {
        let world = try World.verifyingByCode(resends: 1)
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let resent = try await member.resendConfirmation(of: "b@x.org")
        #expect(resent.answer == "done")
        #expect(resent.said == ["email_confirmation_sent: code b@x.org"])
        #expect(try await member.resendConfirmation(of: "b@x.org").answer == "not sent")
        let removed = try await member.removeEmail("b@x.org")
        #expect(removed.answer == "a@x.org verified primary")
        #expect(removed.said == [])
        #expect(try await member.verify(try world.code(mailedTo: "b@x.org")).answer == "conflict")
    }

    @Test func `an address stored but not confirmed can be confirmed by code`() async throws {
        let world = try World.verifyingByCode(resends: 1)
        let member = try await world.member("a@x.org")
        let byLink = World(restarting: world) { $0.emailVerificationByCode = false }.client()
        byLink.token = member.token
        _ = try await byLink.addEmail("b@x.org")
        #expect(
            try await member.resendConfirmation(of: "b@x.org").said == [
                "email_confirmation_sent: code b@x.org"
            ])
        #expect(
            try await member.verify(try world.code(mailedTo: "b@x.org")).said == [
                "email_confirmed: b@x.org verified"
            ])
    }
}
