// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// Pending addresses when the password is reset or changed: an attacker may have added them.
@Suite struct PendingAddressTests {
    /// A user whose session an attacker has used to add an address.
    private func victim(_ world: World) async throws -> Client {
        let victim = try await world.member("a@x.org")
        let thief = world.client()
        thief.token = victim.token
        _ = try await thief.addEmail("thief@x.org")
        return victim
    }

    @Test(arguments: [false, true])
    func `a password reset removes pending addresses and voids their links`(_ replaces: Bool) async throws {
        let world = try World { $0.changeEmail = replaces }
        _ = try await victim(world)
        let key = try world.keyOfConfirmation(mailedTo: "thief@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let reset = try await world.client().reset(try world.key(mailedTo: "a@x.org"))
        #expect(reset.said == ["email_removed: thief@x.org", "password_reset"])
        let thief = try await world.client().verify(key)
        #expect(thief.answer == "refused invalid_or_expired_key in key")
        #expect(thief.said == [])
        #expect(
            try await world.client().requestReset("thief@x.org").mailed == ["unknown_account to thief@x.org"])
        #expect(try await world.user("thief@x.org") == nil)
    }

    @Test(arguments: [false, true])
    func `a password change removes pending addresses and voids their links`(_ logsOut: Bool) async throws {
        let world = try World { $0.logoutOnPasswordChange = logsOut }
        let victim = try await victim(world)
        let key = try world.keyOfConfirmation(mailedTo: "thief@x.org")
        let changed = try await victim.changePassword(goodPassword, to: otherPassword)
        #expect(changed.said.contains("email_removed: thief@x.org"))
        #expect(changed.said.last == "password_changed")
        #expect(try await world.client().verify(key).answer == "refused invalid_or_expired_key in key")
    }

    @Test func `setting the first password removes pending addresses`() async throws {
        let world = try World { $0.signupFields = [.email: true] }
        let client = world.client()
        _ = try await client.signUp("a@x.org", nil)
        _ = try await client.addEmail("thief@x.org")
        #expect(
            try await client.changePassword(nil, to: otherPassword).said == [
                "email_removed: thief@x.org", "password_set",
            ])
    }

    @Test(arguments: [false, true])
    func `a password reset or change invalidates pending verification codes`(_ resets: Bool) async throws {
        let world = try World.verifyingByCode { $0.passwordResetByCode = true }
        let victim = try await victim(world)
        let code = try world.code(mailedTo: "thief@x.org")
        let thief = world.client()
        thief.token = victim.token
        if resets {
            let owner = world.client()
            _ = try await owner.requestReset("a@x.org")
            _ = try await owner.reset(try world.code(mailedTo: "a@x.org"))
        } else {
            _ = try await victim.changePassword(goodPassword, to: otherPassword)
        }
        for client in [thief, victim] {
            let happened = try await client.verify(code)
            #expect(["conflict", "gone"].contains(happened.answer))
            #expect(happened.said == [])
        }
        #expect(try await world.user("thief@x.org") == nil)
    }

    @Test func `a password change keeps the only address even if it is not verified`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let key = try world.keyOfConfirmation(mailedTo: "a@x.org")
        #expect(try await client.changePassword(goodPassword, to: otherPassword).said == ["password_changed"])
        #expect(try await client.listEmails().answer == "a@x.org primary")
        #expect(try await client.verify(key).said == ["email_confirmed: a@x.org verified primary"])
    }

    @Test func `a pending only address is kept if users log in by it, and its link is invalid`() async throws
    {
        let world = try World { $0.changeEmail = true }
        let client = world.client()
        _ = try await client.signUp("typo@x.org")
        _ = try await client.addEmail("a@x.org")
        let key = try world.keyOfConfirmation(mailedTo: "a@x.org")
        #expect(try await client.changePassword(goodPassword, to: otherPassword).said == ["password_changed"])
        #expect(try await client.listEmails().answer == "a@x.org")
        #expect(try await client.verify(key).answer == "refused invalid_or_expired_key in key")
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test func `a pending only address is removed if the user logs in by username`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .email: false, .password1: true]
        }
        let client = world.client()
        _ = try await client.signUp(nil, username: "ada")
        _ = try await client.addEmail("thief@x.org")
        #expect(
            try await client.changePassword(goodPassword, to: otherPassword).said == [
                "email_removed: thief@x.org", "password_changed",
            ])
    }

    @Test func `a reset replaces an unverified primary address by the address it verifies`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("typo@x.org")
        let key = try world.keyOfConfirmation(mailedTo: "typo@x.org")
        _ = try await client.addEmail("a@x.org")
        _ = try await client.verify(try world.keyOfConfirmation(mailedTo: "a@x.org"))
        _ = try await world.client().requestReset("a@x.org")
        let reset = try await world.client().reset(try world.key(mailedTo: "a@x.org"))
        #expect(
            reset.said == [
                "email_changed: typo@x.org to a@x.org verified primary", "email_removed: typo@x.org",
                "password_reset",
            ])
        // The owner of the former address is not notified of the new one.
        #expect(reset.mailed == [])
        #expect(try await world.client().verify(key).answer == "refused invalid_or_expired_key in key")
    }

    @Test func `a pending sign-up cannot change the address after a reset by the owner`() async throws {
        let world = try World.verifyingByCode { $0.emailVerificationChanges = 2 }
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let reset = try await world.client().reset(try world.key(mailedTo: "a@x.org"))
        #expect(reset.said == ["email_confirmed: a@x.org verified primary", "password_reset"])
        let moved = try await attacker.addEmail("thief@x.org")
        #expect(moved.answer == "conflict")
        #expect(moved.mailed == [])
        #expect(try await world.user("thief@x.org") == nil)
        #expect(try await attacker.verify("WRONG-CODE").answer == "conflict")
    }

    @Test func `a password change invalidates a log-in with a pending code`() async throws {
        let world = try World.takingLoginCodes { $0.loginByCodeRequired = ["password"] }
        let member = try await world.member("a@x.org")
        let thief = world.client()
        _ = try await thief.logIn("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        _ = try await member.changePassword(goodPassword, to: otherPassword)
        #expect(try await thief.confirmLoginCode(code).answer == "conflict")
    }
}
