// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

extension Client {
    func requestReset(_ email: String) async throws -> Happened {
        try await does { try await $0.requestPasswordReset(email, $1) }
    }

    func reset(_ key: String?, to password: String? = otherPassword) async throws -> Happened {
        try await does {
            try await $0.resetPassword(ResetPassword(key: key, password: password.map { Password($0) }), $1)
        }
    }

    func resetInformation(_ key: String?) async throws -> Happened {
        try await does { try await $0.passwordReset(for: key, $1) }
    }
}

@Suite struct ResetPasswordTests {
    // MARK: By link

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
        #expect(try await world.client().logIn("a@x.org").answer == "refused email_password_mismatch in password")
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test func `a link does not verify its address`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        #expect(try await world.client().reset(try world.key(mailedTo: "a@x.org")).said == ["password_reset"])
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "unauthenticated verify_email")
    }

    @Test func `a link is good for one use`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        _ = try await world.client().reset(key)
        let again = try await world.client().reset(key, to: goodPassword)
        #expect(again.answer == "refused invalid_password_reset in key")
        #expect(again.said == [])
        #expect(try await world.client().resetInformation(key).answer == "refused invalid_password_reset in key")
    }

    @Test func `of two uses at once one resets`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let key = try world.key(mailedTo: "a@x.org")
        _ = try await world.newSignals()
        async let first = world.accounts.resetPassword(ResetPassword(key: key, password: Password(otherPassword)))
        async let second = world.accounts.resetPassword(ResetPassword(key: key, password: Password(otherPassword + "2")))
        let answers = try await [first.text, second.text]
        #expect(answers.sorted() == ["refused invalid_password_reset in key", "unauthenticated"])
        #expect(try await world.newSignals().map(\.text) == ["password_reset"])
    }

    @Test(arguments: ["log-in", "password", "address", "time", "inactive"])
    func `a link is void after`(_ event: String) async throws {
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
            (nil, otherPassword, "refused required in key"), ("bad-key", otherPassword, "refused invalid_password_reset in key"),
            ("bad-key", "", "refused invalid_password_reset in key, required in password"),
            ("right", "", "refused required in password"), ("right", "short", "refused password_too_short in password"),
            ("right", "password", "refused password_too_common in password"),
            ("right", String(repeating: "x", count: 4097), "refused password_too_long in password"),
        ])
    func `what is wrong is refused and changes nothing`(
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

    @Test func `the key that confirms an address resets no password`() async throws {
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

    @Test func `a reset that would log in waits for an address that must be verified`() async throws {
        let world = try World {
            $0.loginOnPasswordReset = true
            $0.emailVerification = .mandatory
        }
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().requestReset("a@x.org")
        let happened = try await world.client().reset(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(
            happened.said == [
                "password_reset", "authentication_step_completed: password_reset",
                "email_confirmation_sent: link a@x.org primary",
            ])
        #expect(happened.mailed == ["email_confirmation to a@x.org"])
    }

    @Test func `a reset of one person in another's session ends that session`() async throws {
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

    @Test func `a reset in the user's own session ends it too, without a word`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        _ = try await member.requestReset("a@x.org")
        let happened = try await member.reset(try world.key(mailedTo: "a@x.org"))
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["password_reset"])
        #expect(try await member.current() == "gone")
    }

    @Test func `somebody without a password gets one by a reset`() async throws {
        let world = try World { $0.signupFields = [.email: true] }
        _ = try await world.client().signUp("a@x.org", nil)
        _ = try await world.client().requestReset("a@x.org")
        #expect(try await world.client().reset(try world.key(mailedTo: "a@x.org")).said == ["password_reset"])
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    // MARK: Who is asked for

    @Test func `somebody unknown is told so by mail, with the answer of somebody known`() async throws {
        let world = try World()
        _ = try await world.member("a@x.org")
        let known = try await world.client().requestReset("a@x.org")
        let unknown = try await world.client().requestReset("nobody@x.org")
        #expect(unknown.answer == known.answer)
        #expect(unknown.said == [])
        #expect(unknown.mailed == ["unknown_account to nobody@x.org"])
        #expect(known.mails.count == unknown.mails.count)
    }

    @Test func `with nothing hidden somebody unknown is refused`() async throws {
        let world = try World { $0.preventEnumeration = .off }
        let happened = try await world.client().requestReset("nobody@x.org")
        #expect(happened.answer == "refused unknown_email in email")
        #expect(happened.mailed == [])
    }

    @Test func `an inactive user is unknown`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
        try await world.accounts.users.deactivate(user.id)
        #expect(try await world.client().requestReset("a@x.org").mailed == ["unknown_account to a@x.org"])
    }

    @Test func `who has proved an address hides those who have not`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        _ = try await world.client().signUp("a@x.org")
        _ = try await world.client().signUp("a@x.org")
        #expect(try await world.client().requestReset("a@x.org").mails.count == 2)
        _ = try await world.client().verify(try world.keyOfConfirmation(mailedTo: "a@x.org"))
        #expect(try await world.client().requestReset("a@x.org").mails.count == 1)
    }

    // MARK: By code

    private func codeWorld(_ more: (inout AccountSettings) -> Void = { _ in }) throws -> World {
        try World { settings in
            settings.emailVerification = .mandatory
            settings.passwordResetByCode = true
            more(&settings)
        }
    }

    @Test func `a code sets a new password`() async throws {
        let world = try codeWorld()
        let member = try await world.member("a@x.org")
        let client = world.client()
        let requested = try await client.requestReset("a@x.org")
        #expect(requested.answer == "unauthenticated password_reset_by_code")
        #expect(requested.said == [])
        #expect(requested.mailed == ["password_reset_code to a@x.org"])
        let happened = try await client.reset(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["password_reset"])
        #expect(try await client.current() == "unauthenticated")
        #expect(try await member.current() == "gone")
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
    }

    @Test func `a code verifies its address, before the password is set`() async throws {
        let world = try codeWorld()
        _ = try await world.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let happened = try await client.reset(try world.code(mailedTo: "a@x.org"))
        #expect(happened.said == ["email_confirmed: a@x.org verified primary", "password_reset"])
    }

    @Test func `a code that is looked at first verifies its address then, and has its time anew`() async throws {
        let world = try codeWorld { $0.loginOnPasswordReset = true }
        _ = try await world.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        world.clock.advance(by: .seconds(179))
        let looked = try await client.resetInformation(code)
        #expect(looked.answer == "resettable")
        #expect(looked.said == ["email_confirmed: a@x.org verified primary"])
        world.clock.advance(by: .seconds(100))
        #expect(try await client.resetInformation(code).said == [])
        let happened = try await client.reset(code)
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "password_reset", "authentication_step_completed: password_reset", "user_logged_in",
            ])
        #expect(happened.signals[1].data["email"]?.string == "a@x.org")
    }

    @Test func `the time begins anew only once`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        _ = try await client.resetInformation(code)
        world.clock.advance(by: .seconds(100))
        _ = try await client.resetInformation(code)
        world.clock.advance(by: .seconds(80))
        #expect(try await client.reset(code).answer == "conflict")
    }

    @Test func `the third wrong code ends the reset`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        for last in ["not last", "not last", "last"] {
            let happened = try await client.reset("WRONG-CODE")
            #expect(happened.answer == "refused incorrect_code in key")
            #expect(happened.said == ["password_reset_code_rejected: \(last)"])
        }
        let fourth = try await client.reset(code)
        #expect(fourth.answer == "conflict")
        #expect(fourth.said == [])
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `of fifty wrong codes at once three are looked at`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let visit = client.visit
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await world.accounts.resetPassword(
                        ResetPassword(key: "WRONG-CODE", password: Password(otherPassword)), visit
                    ).text
                }
            }
            return try await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["refused incorrect_code in key": 3, "conflict": 47])
    }

    @Test func `a weak password with a right code uses no attempt`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        for _ in 1...4 {
            #expect(try await client.reset(code, to: "short").answer == "refused password_too_short in password")
        }
        #expect(try await client.reset(code).said == ["password_reset"])
    }

    @Test func `for somebody unknown no code is right and nothing is said`() async throws {
        let world = try codeWorld()
        let client = world.client()
        let requested = try await client.requestReset("nobody@x.org")
        #expect(requested.answer == "unauthenticated password_reset_by_code")
        #expect(requested.mailed == ["unknown_account to nobody@x.org"])
        for _ in 1...3 {
            let happened = try await client.reset("BCDF-GHJK")
            #expect(happened.answer == "refused incorrect_code in key")
            #expect(happened.said == [])
        }
        #expect(try await client.reset("BCDF-GHJK").answer == "conflict")
    }

    @Test func `where no reset is pending there is none to complete`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        #expect(try await world.client().reset("BCDF-GHJK").answer == "conflict")
        #expect(try await world.client().resetInformation("BCDF-GHJK").answer == "conflict")
    }

    // MARK: Limits

    @Test func `the sixth request of a minute for one address waits`() async throws {
        let world = try World(limited: true)
        for _ in 1...5 { #expect(try await world.client().requestReset("a@x.org").answer == "done") }
        #expect(try await world.client().requestReset("a@x.org").answer == "rate limited")
        #expect(try await world.client().requestReset("b@x.org").answer == "done")
    }

    @Test func `a reset forgets failed log-ins by the user's addresses and no others`() async throws {
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

    @Test func `it does not forget what was counted against a place`() async throws {
        let world = try World(limited: true)
        _ = try await world.member("a@x.org")
        let ip = "192.0.2.1"
        for number in 1...10 { _ = try await world.client(ip: ip).logIn("\(number)@x.org", "wrong-Password-1") }
        _ = try await world.client().requestReset("a@x.org")
        _ = try await world.client(ip: ip).reset(try world.key(mailedTo: "a@x.org"))
        #expect(try await world.client(ip: ip).logIn("a@x.org", otherPassword).answer == "refused too_many_login_attempts")
    }
}

extension World {
    /// The key in the newest link of a confirmation mail to an address.
    func keyOfConfirmation(mailedTo email: String) throws -> String {
        let mail = mails.last { $0.to == email && $0.template.rawValue.hasPrefix("email_confirmation") }
        guard let key = mail?.values["url"]?.split(separator: "/").last else { throw NothingMailed(email: email) }
        return String(key)
    }
}
