// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct ResetPasswordByCodeTests {
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

    @Test func `a code verifies its address before the password is set`() async throws {
        let world = try codeWorld()
        _ = try await world.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let happened = try await client.reset(try world.code(mailedTo: "a@x.org"))
        #expect(happened.said == ["email_confirmed: a@x.org verified primary", "password_reset"])
    }

    @Test func `checking a code verifies its address and restarts its expiry`()
        async throws
    {
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

    @Test func `checking a code restarts its expiry only once`() async throws {
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

    @Test func `of fifty concurrent wrong codes only three are checked`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let context = client.context
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask {
                    try await world.accounts.resetPassword(
                        ResetPassword(key: "WRONG-CODE", password: Password(otherPassword)), context
                    ).text
                }
            }
            return try await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["refused incorrect_code in key": 3, "conflict": 47])
    }

    @Test func `a weak password with the right code uses no attempt`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        let client = world.client()
        _ = try await client.requestReset("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        for _ in 1...4 {
            #expect(
                try await client.reset(code, to: "short").answer == "refused password_too_short in password")
        }
        #expect(try await client.reset(code).said == ["password_reset"])
    }

    @Test func `no code is accepted for an unknown user, and no signal is emitted`() async throws {
        let world = try codeWorld()
        let client = world.client()
        let requested = try await client.requestReset("unknown@x.org")
        #expect(requested.answer == "unauthenticated password_reset_by_code")
        #expect(requested.mailed == ["unknown_account to unknown@x.org"])
        for _ in 1...3 {
            let happened = try await client.reset("BCDF-GHJK")
            #expect(happened.answer == "refused incorrect_code in key")
            #expect(happened.said == [])
        }
        #expect(try await client.reset("BCDF-GHJK").answer == "conflict")
    }

    @Test func `without a pending reset every code is a conflict`() async throws {
        let world = try codeWorld()
        _ = try await world.member("a@x.org")
        #expect(try await world.client().reset("BCDF-GHJK").answer == "conflict")
        #expect(try await world.client().resetInformation("BCDF-GHJK").answer == "conflict")
    }
}
