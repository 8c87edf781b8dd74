// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct AddEmailTests {
    @Test(arguments: [false, true])
    func `with verification by link the address is stored at once and confirmed later`(_ changes: Bool)
        async throws
    {
        let world = try World { $0.changeEmail = changes }
        let member = try await world.member("a@x.org")
        let added = try await member.addEmail("B@x.org")
        #expect(added.answer == "a@x.org verified primary, b@x.org")
        #expect(added.said == ["email_added: b@x.org", "email_confirmation_sent: link b@x.org"])
        #expect(added.mailed == ["email_confirmation to b@x.org"])
        #expect(added.signals.allSatisfy { $0.data["user"]?["email"]?.string == "a@x.org" })
    }

    @Test func `a second address is confirmed and does not become primary`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let happened = try await member.verify(try world.key(mailedTo: "b@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["email_confirmed: b@x.org verified"])
    }

    @Test func `the first confirmed address becomes primary if no primary address exists`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
        }
        let client = world.client()
        _ = try await client.signUp(nil, username: "ada")
        #expect(try await client.addEmail("a@x.org").answer == "a@x.org")
        let happened = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(happened.said == ["email_confirmed: a@x.org verified primary"])
    }

    @Test func `another confirmation mail can be requested only after three minutes`() async throws {
        let world = try World(limited: true)
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let soon = try await member.resendConfirmation(of: "b@x.org")
        #expect(soon.answer == "not sent")
        #expect(soon.said == [])
        world.clock.advance(by: .seconds(181))
        let later = try await member.resendConfirmation(of: "b@x.org")
        #expect(later.answer == "done")
        #expect(later.said == ["email_confirmation_sent: link b@x.org"])
        #expect(later.mailed == ["email_confirmation to b@x.org"])
        #expect(try await member.resendConfirmation(of: "a@x.org").answer == "not sent")
        #expect(try await member.resendConfirmation(of: "c@x.org").answer == "refused unknown_email in email")
    }

    @Test(
        arguments: [
            ("a@x.org", "refused duplicate_email in email"), ("A@X.org", "refused duplicate_email in email"),
            ("not-an-address", "refused invalid in email"), ("", "refused required in email"),
        ])
    func `refuses an invalid or duplicate address`(_ email: String, _ answer: String) async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let before = try await world.contents()
        let happened = try await member.addEmail(email)
        #expect(happened.answer == answer)
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `an address of another user can be added but never confirmed`() async throws {
        let world = try World()
        _ = try await world.member("b@x.org")
        let member = try await world.member("a@x.org")
        #expect(
            try await member.addEmail("b@x.org").said == [
                "email_added: b@x.org", "email_confirmation_sent: link b@x.org",
            ])
        let happened = try await member.verify(try world.key(mailedTo: "b@x.org"))
        #expect(happened.answer == "refused email_taken in key")
        #expect(happened.said == [])
    }

    @Test func `without enumeration prevention an address of another user is refused`() async throws {
        let world = try World { $0.preventEnumeration = .off }
        _ = try await world.member("b@x.org")
        let member = try await world.member("a@x.org")
        let happened = try await member.addEmail("b@x.org")
        #expect(happened.answer == "refused email_taken in email")
        #expect(happened.said == [])
    }

    @Test func `refuses more addresses than the setting allows`() async throws {
        let world = try World { $0.maxEmailAddresses = 2 }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        #expect(try await member.addEmail("c@x.org").answer == "refused max_email_addresses in email")
    }

    @Test func `limits the rate of address changes to ten a minute`() async throws {
        let world = try World(limited: true)
        let member = try await world.member("a@x.org")
        for _ in 1...10 { _ = try await member.addEmail("bad") }
        #expect(try await member.addEmail("b@x.org").answer == "rate limited")
        #expect(try await member.listEmails().answer == "a@x.org verified primary")
    }

    @Test func `requires a logged-in user`() async throws {
        let world = try World()
        #expect(try await world.client().addEmail("a@x.org").answer == "conflict")
        #expect(try await world.client().listEmails().answer == "unauthenticated")
        #expect(try await world.client().removeEmail("a@x.org").answer == "unauthenticated")
        #expect(try await world.client().makePrimary("a@x.org").answer == "unauthenticated")
        #expect(try await world.client().resendConfirmation(of: "a@x.org").answer == "unauthenticated")
    }
}
