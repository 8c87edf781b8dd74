// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct ResetPasswordTests {
    @Test func `a link sets a new password and ends every session`() async throws {
        let world = try World { $0.emailNotifications = true }
        let member = try await world.member("a@x.org")
        let client = world.client()
        let requested = try await client.requestReset("A@x.org")
        #expect(requested.answer == "done")
        #expect(requested.said == [])
        #expect(requested.mailed == ["password_reset_key to a@x.org"])

        let key = try world.key(mailedTo: "a@x.org")
        #expect(try await client.resetInformation(key).answer == "resettable")
        let happened = try await client.reset(key)
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["password_reset"])
        #expect(happened.mailed == ["password_reset to a@x.org"])
        #expect(try await member.current() == "gone")
        #expect(
            try await world.client().logIn("a@x.org").answer == "refused email_password_mismatch in password")
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test func `a link verifies the address it was mailed to when it is used`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        // A link scanner that only opens the link must not verify the address.
        #expect(try await world.client().resetInformation(key).said == [])
        #expect(
            try await world.client().reset(key).said == [
                "email_confirmed: a@x.org verified primary", "password_reset",
            ])
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test func `a link can be used once`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        _ = try await world.client().reset(key)
        let again = try await world.client().reset(key, to: goodPassword)
        #expect(again.answer == "refused invalid_password_reset in key")
        #expect(again.said == [])
        #expect(
            try await world.client().resetInformation(key).answer == "refused invalid_password_reset in key")
    }

    @Test func `of two concurrent uses only one resets`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        _ = try await world.newSignals()
        async let first = world.accounts.resetPassword(
            ResetPassword(key: key, password: Password(otherPassword)))
        async let second = world.accounts.resetPassword(
            ResetPassword(key: key, password: Password(otherPassword + "2")))
        let answers = try await [first.text, second.text]
        #expect(answers.sorted() == ["refused invalid_password_reset in key", "unauthenticated"])
        #expect(try await world.newSignals().map(\.text) == ["password_reset"])
    }

    @Test(arguments: ["log-in", "password", "address", "time", "inactive"])
    func `a link is invalid after`(_ event: String) async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        #expect(try await world.client().resetInformation(key).answer == "resettable")
        world.clock.advance(by: .seconds(60))
        switch event {
        case "log-in": _ = try await world.client().logIn("a@x.org")
        case "password": _ = try await member.changePassword(goodPassword, to: otherPassword)
        case "address": _ = try await member.does { try await $0.addEmail("b@x.org", $1) }
        case "time": world.clock.advance(by: .seconds(259_200 - 60))
        default:
            let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
            try await world.accounts.users.deactivate(user.id)
        }
        #expect(try await world.client().reset(key).answer == "refused invalid_password_reset in key")
    }

    @Test(
        arguments: [
            (nil, otherPassword, "refused required in key"),
            ("bad-key", otherPassword, "refused invalid_password_reset in key"),
            ("bad-key", "", "refused invalid_password_reset in key, required in password"),
            ("right", "", "refused required in password"),
            ("right", "short", "refused password_too_short in password"),
            ("right", "password", "refused password_too_common in password"),
            ("right", String(repeating: "x", count: 4097), "refused password_too_long in password"),
        ])
    func `refuses an invalid key or password and changes nothing`(
        _ key: String?, _ password: String, _ answer: String
    ) async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let right = try world.key(mailedTo: "a@x.org")
        let before = try await world.contents()
        let happened = try await world.client().reset(key == "right" ? right : key, to: password)
        #expect(happened.answer == answer)
        #expect(happened.said == [])
        #expect(try await world.contents() == before)
    }

    @Test func `an email confirmation key cannot reset a password`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        #expect(try await world.client().reset(key).answer == "refused invalid_password_reset in key")
    }

    @Test func `a reset can log in`() async throws {
        let world = try World { $0.loginOnPasswordReset = true }
        _ = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let client = world.client()
        let happened = try await client.reset(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "password_reset", "authentication_step_completed: password_reset", "user_logged_in",
            ])
        #expect(happened.signals[1].data["email"] == nil)
        #expect(try await client.current() == "authenticated")
    }

    @Test func `a reset that logs in needs no further verification of its address`() async throws {
        let world = try World {
            $0.loginOnPasswordReset = true
            $0.emailVerification = .mandatory
        }
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let happened = try await world.client().reset(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "email_confirmed: a@x.org verified primary", "password_reset",
                "authentication_step_completed: password_reset", "user_logged_in",
            ])
        #expect(happened.mailed == [])
    }

    @Test func `a reset opened in another user's session ends that session`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let other = try await world.member("b@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        #expect(try await other.reset("bad-key").answer == "refused invalid_password_reset in key")
        #expect(try await other.current() == "authenticated")
        let happened = try await other.reset(key)
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["user_logged_out", "password_reset"])
        #expect(happened.signals[0].data["user"]?["email"]?.string == "b@x.org")
        #expect(try await other.current() == "gone")
    }

    @Test func `a reset in the user's own session ends it without a log-out signal`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.requestReset("a@x.org")
        let happened = try await member.reset(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["password_reset"])
        #expect(try await member.current() == "gone")
    }

    @Test func `a user without a password can set one by a reset`() async throws {
        let world = try World { $0.signupFields = [.email: true] }
        _ = try await world.client().signUp("a@x.org", nil)
        _ = try await world.client().requestReset("a@x.org")
        #expect(
            try await world.client().reset(try world.key(mailedTo: "a@x.org")).said == [
                "email_confirmed: a@x.org verified primary", "password_reset",
            ])
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    // MARK: Limits

    @Test func `limits reset requests for one address to five a minute`() async throws {
        let world = try World(limited: true)
        for _ in 1...5 { #expect(try await world.client().requestReset("a@x.org").answer == "done") }
        #expect(try await world.client().requestReset("a@x.org").answer == "rate limited")
        #expect(try await world.client().requestReset("b@x.org").answer == "done")
    }

    @Test func `a reset clears failed log-ins of the user's addresses and no others`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        _ = try await world.member("b@x.org")
        for email in ["a@x.org", "b@x.org"] {
            for _ in 1...5 { _ = try await world.client().logIn(email, "wrong-Password-1") }
        }
        _ = try await world.client().requestReset("a@x.org")
        _ = try await world.client().reset(try world.key(mailedTo: "a@x.org"))
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
        #expect(try await world.client().logIn("b@x.org").answer == "refused too_many_login_attempts")
    }

    @Test func `a reset does not clear attempts counted by IP address`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        let ip = "192.0.2.1"
        for number in 1...10 {
            _ = try await world.client(ip: ip).logIn("\(number)@x.org", "wrong-Password-1")
        }
        _ = try await world.client().requestReset("a@x.org")
        _ = try await world.client(ip: ip).reset(try world.key(mailedTo: "a@x.org"))
        #expect(
            try await world.client(ip: ip).logIn("a@x.org", otherPassword).answer
                == "refused too_many_login_attempts")
    }
}
