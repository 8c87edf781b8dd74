// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// `ACCOUNT_CHANGE_EMAIL`: a confirmed address replaces the others.
@Suite struct ReplaceEmailTests {
    @Test func `a confirmed address replaces the others`() async throws {
        let world = try World {
            $0.changeEmail = true
            $0.emailNotifications = true
        }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let happened = try await member.verify(try world.key(mailedTo: "b@x.org"))
        #expect(
            happened.said == [
                "email_confirmed: b@x.org verified primary",
                "email_changed: a@x.org verified primary to b@x.org verified primary",
                "email_removed: a@x.org verified primary",
            ])
        #expect(happened.signals[1].data["user"]?["email"]?.string == "b@x.org")
        #expect(happened.mailed == ["email_changed to a@x.org"])
        #expect(try await member.listEmails().answer == "b@x.org verified primary")
    }

    @Test func `the former primary address is in the signal, whatever other addresses exist`() async throws {
        let world = try World { $0.changeEmail = true }
        let member = try await world.member("a@x.org")
        let lax = World(restarting: world) { $0.changeEmail = false }
        let before = lax.client()
        before.token = member.token
        _ = try await before.addEmail("b@x.org")
        _ = try await before.verify(try lax.key(mailedTo: "b@x.org"))
        _ = try await before.makePrimary("b@x.org")
        _ = try await member.addEmail("c@x.org")
        #expect(
            try await member.verify(try world.key(mailedTo: "c@x.org")).said == [
                "email_confirmed: c@x.org verified primary",
                "email_changed: b@x.org verified primary to c@x.org verified primary",
                "email_removed: b@x.org verified primary", "email_removed: a@x.org verified",
            ])
    }

    @Test func `a pending address is replaced by the next, which emits email_removed`() async throws {
        let world = try World { $0.changeEmail = true }
        let member = try await world.member("a@x.org")
        _ = try await member.addEmail("b@x.org")
        let former = try world.key(mailedTo: "b@x.org")
        let happened = try await member.addEmail("c@x.org")
        #expect(happened.answer == "a@x.org verified primary, c@x.org")
        #expect(
            happened.said == [
                "email_removed: b@x.org", "email_added: c@x.org", "email_confirmation_sent: link c@x.org",
            ])
        #expect(try await member.verify(former).answer == "refused invalid_or_expired_key in key")
    }

    @Test func `an unconfirmed only address is removed when another is added`() async throws {
        let world = try World {
            $0.changeEmail = true
            $0.emailNotifications = true
        }
        let client = world.client()
        _ = try await client.signUp("typo@x.org")
        #expect(
            try await client.addEmail("a@x.org").said == [
                "email_removed: typo@x.org primary", "email_added: a@x.org",
                "email_confirmation_sent: link a@x.org",
            ])
        let happened = try await client.verify(try world.key(mailedTo: "a@x.org"))
        #expect(
            happened.said == [
                "email_confirmed: a@x.org verified primary",
                "email_changed: none to a@x.org verified primary",
            ])
        #expect(happened.mailed == [])
    }

    @Test func `with verification by code all signals are emitted with the code`() async throws {
        let world = try World.verifyingByCode { $0.changeEmail = true }
        let member = try await world.member("a@x.org")
        #expect(try await member.addEmail("b@x.org").said == ["email_confirmation_sent: code b@x.org"])
        #expect(
            try await member.verify(try world.code(mailedTo: "b@x.org")).said == [
                "email_added: b@x.org verified primary", "email_confirmed: b@x.org verified primary",
                "email_changed: a@x.org verified primary to b@x.org verified primary",
                "email_removed: a@x.org verified primary",
            ])
    }

    @Test func `a sign-up by code confirms its only address and emits no email_changed`()
        async throws
    {
        let world = try World.verifyingByCode { $0.changeEmail = true }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        #expect(
            try await client.verify(try world.code(mailedTo: "a@x.org")).said == [
                "email_confirmed: a@x.org verified primary", "user_logged_in",
            ])
    }
}
