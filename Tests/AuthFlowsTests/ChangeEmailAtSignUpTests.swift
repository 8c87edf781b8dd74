// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct ChangeEmailAtSignUpTests {
    @Test func `the address of a sign-up can be changed while its verification is pending`() async throws {
        let world = try World.verifyingByCode { $0.emailVerificationChanges = 1 }
        let client = world.client()
        _ = try await client.signUp("typo@x.org")
        let former = try world.code(mailedTo: "typo@x.org")
        _ = try await client.verify("WRONG-CODE")
        let changed = try await client.does { try await $0.addEmail("a@x.org", $1) }
        #expect(changed.answer == "a@x.org primary")
        #expect(changed.said == ["email_confirmation_sent: code signup a@x.org primary"])
        #expect(changed.mailed == ["email_confirmation_signup to a@x.org"])
        #expect(try await client.verify(former).said == ["email_verification_code_rejected: not last"])
        let happened = try await client.verify(try world.code(mailedTo: "a@x.org"))
        #expect(happened.said == ["email_confirmed: a@x.org verified primary", "user_logged_in"])
        #expect(happened.result.authentication?.emailAddresses.map(\.text) == ["a@x.org verified primary"])
    }

    @Test func `refuses a change that is disabled, too frequent, to the same address or by another client`()
        async throws
    {
        let off = try World.verifyingByCode()
        let offClient = off.client()
        _ = try await offClient.signUp("a@x.org")
        #expect(try await offClient.does { try await $0.addEmail("b@x.org", $1) }.answer == "conflict")

        let world = try World.verifyingByCode { $0.emailVerificationChanges = 1 }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        #expect(
            try await client.does { try await $0.addEmail("a@x.org", $1) }.answer
                == "refused same_as_current in email")
        #expect(
            try await client.does { try await $0.addEmail("bad", $1) }.answer == "refused invalid in email")
        #expect(try await client.does { try await $0.addEmail("b@x.org", $1) }.answer == "b@x.org primary")
        #expect(try await client.does { try await $0.addEmail("c@x.org", $1) }.answer == "conflict")
        #expect(try await world.client().does { try await $0.addEmail("c@x.org", $1) }.answer == "conflict")
    }

    @Test func `an address that is taken can be chosen but never confirmed`() async throws {
        let world = try World.verifyingByCode { $0.emailVerificationChanges = 2 }
        _ = try await world.member("b@x.org")
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        let changed = try await client.does { try await $0.addEmail("b@x.org", $1) }
        #expect(changed.answer == "b@x.org primary")
        #expect(changed.mailed == ["account_already_exists to b@x.org"])
        #expect(changed.said == [])
        #expect(try await client.verify(code).answer == "refused incorrect_code in key")
        #expect(try await client.does { try await $0.resendVerification($1) }.mailed == [])
        // The sign-up can still continue with an address that is free.
        _ = try await client.does { try await $0.addEmail("c@x.org", $1) }
        #expect(try await client.verify(try world.code(mailedTo: "c@x.org")).answer == "authenticated")
    }
}
