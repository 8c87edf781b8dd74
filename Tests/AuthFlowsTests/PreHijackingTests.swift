// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// Pre-hijacking: an attacker signs up with another user's address and a password, and waits for its owner.
@Suite struct PreHijackingTests {
    @Test func `a log-in by code removes the password, ends other sessions and mails a reset link`()
        async throws
    {
        let world = try World.takingLoginCodes { $0.emailVerification = .optional }
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org")
        _ = try await attacker.addEmail("evil@x.org")
        let victim = world.client()
        _ = try await victim.requestLoginCode("a@x.org")
        let happened = try await victim.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(
            happened.said == [
                "authentication_step_completed: code", "email_confirmed: a@x.org verified primary",
                "email_removed: evil@x.org", "user_logged_in",
            ])
        #expect(happened.mailed == ["password_removed to a@x.org"])
        #expect(happened.mails[0].values["password_reset_url"]?.isEmpty == false)
        #expect(try await victim.current() == "authenticated")
        #expect(try await attacker.current() == "gone")
        #expect(
            try await world.client().logIn("a@x.org").answer == "refused email_password_mismatch in password")
        #expect(
            try await world.client().verify(try world.keyOfConfirmation(mailedTo: "evil@x.org")).answer
                == "refused invalid_or_expired_key in key")
        // From here the account behaves like any account without a password.
        #expect(try await victim.changePassword(nil, to: otherPassword).said == ["password_set"])
    }

    @Test func `a log-in by code to a verified address keeps password and sessions`() async throws {
        let world = try World.takingLoginCodes()
        let member = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.mailed == [])
        #expect(try await member.current() == "authenticated")
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `the password is kept if the session that set it verifies the address`() async throws {
        let world = try World.takingLoginCodes()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        // The link was lost: the same client requests a code instead.
        _ = try await client.requestLoginCode("a@x.org")
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.mailed == [])
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `the password is removed if another session has set it meanwhile`() async throws {
        let world = try World.takingLoginCodes { $0.emailVerification = .optional }
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org")
        let victim = world.client()
        let mandatory = World(restarting: world) { $0.emailVerification = .mandatory }
        let waiting = mandatory.client()
        _ = try await waiting.logIn("a@x.org")
        _ = try await attacker.changePassword(goodPassword, to: otherPassword)
        victim.token = waiting.token
        _ = try await victim.requestLoginCode("a@x.org")
        let happened = try await victim.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.mailed == ["password_removed to a@x.org"])
        #expect(
            try await world.client().logIn("a@x.org", otherPassword).answer
                == "refused email_password_mismatch in password")
    }

    @Test func `the password is kept if the log-in itself began with it`() async throws {
        let world = try World.takingLoginCodes { $0.loginByCodeRequired = ["password"] }
        let lax = World(restarting: world) { $0.loginByCodeRequired = [] }
        _ = try await lax.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.logIn("a@x.org")
        _ = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(try await world.client().logIn("a@x.org").answer == "unauthenticated login_by_code")
    }

    @Test func `without a password other sessions end and no mail is sent`() async throws {
        let world = try World.takingLoginCodes {
            $0.emailVerification = .optional
            $0.signupFields = [.email: true]
        }
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org", nil)
        let victim = world.client()
        _ = try await victim.requestLoginCode("a@x.org")
        let happened = try await victim.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.mailed == [])
        #expect(try await attacker.current() == "gone")
    }

    @Test func `checking a reset code already removes the attacker's password and sessions`() async throws {
        let world = try World {
            $0.passwordResetByCode = true
            $0.emailNotifications = true
        }
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org")
        let victim = world.client()
        _ = try await victim.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        let looked = try await victim.resetInformation(code)
        #expect(looked.answer == "resettable")
        #expect(looked.said == ["email_confirmed: a@x.org verified primary"])
        #expect(try await attacker.current() == "gone")
        #expect(
            try await world.client().logIn("a@x.org").answer == "refused email_password_mismatch in password")
        #expect(try await victim.reset(code).said == ["password_reset"])
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test func `a reset by code continues in the user's own session`() async throws {
        let world = try World { $0.passwordResetByCode = true }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        #expect(try await client.resetInformation(code).answer == "resettable")
        #expect(try await client.reset(code).said == ["password_reset"])
    }

    @Test func `a confirmation by link keeps password and sessions`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let confirmed = try await world.client().verify(try world.key(mailedTo: "a@x.org"))
        #expect(confirmed.mailed == [])
        #expect(try await client.current() == "authenticated")
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }
}
