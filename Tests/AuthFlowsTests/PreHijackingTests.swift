// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

/// Somebody signs up with another's address and a password, and waits for the address's owner.
@Suite struct PreHijackingTests {
    @Test func `a log-in by code voids the password, ends other sessions and tells how to set a new one`()
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
        // And it goes on as for anybody without a password.
        #expect(try await victim.changePassword(nil, to: otherPassword).said == ["password_set"])
    }

    @Test func `only the first proof does so`() async throws {
        let world = try World.takingLoginCodes()
        let member = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.mailed == [])
        #expect(try await member.current() == "authenticated")
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `a password stays where the session that set it proves the address`() async throws {
        let world = try World.takingLoginCodes()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        // The link has got lost: the same visitor asks for a code instead.
        _ = try await client.requestLoginCode("a@x.org")
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.mailed == [])
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `it does not stay where another has set it meanwhile`() async throws {
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

    @Test func `a password stays where the log-in itself began with it`() async throws {
        let world = try World.takingLoginCodes { $0.loginByCodeRequired = ["password"] }
        let lax = World(restarting: world) { $0.loginByCodeRequired = [] }
        _ = try await lax.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.logIn("a@x.org")
        _ = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(try await world.client().logIn("a@x.org").answer == "unauthenticated login_by_code")
    }

    @Test func `sessions end where there was no password, without a mail`() async throws {
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

    @Test func `a reset by code that is given up after the code has shut the other out, too`() async throws {
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

    @Test func `a reset by code in the user's own session goes on there`() async throws {
        let world = try World { $0.passwordResetByCode = true }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        #expect(try await client.resetInformation(code).answer == "resettable")
        #expect(try await client.reset(code).said == ["password_reset"])
    }

    @Test func `confirming by link leaves password and sessions as they are`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let confirmed = try await world.client().verify(try world.key(mailedTo: "a@x.org"))
        #expect(confirmed.mailed == [])
        #expect(try await client.current() == "authenticated")
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }
}
