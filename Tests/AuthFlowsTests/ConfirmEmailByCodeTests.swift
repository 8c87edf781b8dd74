// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct ConfirmEmailByCodeTests {
    @Test(arguments: [false, true])
    func `the right code confirms the address and always logs in`(_ setting: Bool) async throws {
        let world = try World.verifyingByCode { $0.loginOnEmailConfirmation = setting }
        let client = world.client()
        let signedUp = try await client.signUp("a@x.org")
        #expect(signedUp.answer == "unauthenticated verify_email")
        #expect(signedUp.said == ["user_signed_up", "email_confirmation_sent: code signup a@x.org primary"])
        #expect(signedUp.mailed == ["email_confirmation_signup to a@x.org"])
        let happened = try await client.verify(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["email_confirmed: a@x.org verified primary", "user_logged_in"])
        #expect(try await client.current() == "authenticated")
    }

    @Test func `a code is compared without case, white space and punctuation`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        #expect(code.count == 9)
        let typed = "  " + code.lowercased().replacing("-", with: " . ")
        #expect(try await client.verify(typed).answer == "authenticated")
    }

    @Test func `the third wrong code ends the pending verification`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        for last in ["not last", "not last", "last"] {
            let happened = try await client.verify("WRONG-CODE")
            #expect(happened.answer == "refused incorrect_code in key")
            #expect(happened.said == ["email_verification_code_rejected: \(last)"])
        }
        #expect(try await client.current() == "unauthenticated")
        let fourth = try await client.verify(code)
        #expect(fourth.answer == "conflict")
        #expect(fourth.said == [])
    }

    @Test func `a blank code counts as an attempt`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let happened = try await client.verify("")
        #expect(happened.answer == "refused required in key")
        #expect(happened.said == ["email_verification_code_rejected: not last"])
    }

    @Test func `of fifty concurrent wrong codes only three are checked`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let context = client.context
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 {
                group.addTask { try await world.accounts.verifyEmail("WRONG-CODE", context).text }
            }
            return try await group.reduce(into: [:] as [String: Int]) { $0[$1, default: 0] += 1 }
        }
        #expect(answers == ["refused incorrect_code in key": 3, "conflict": 47])
        #expect(
            try await world.newSignals().map(\.text) == [
                "email_verification_code_rejected: not last", "email_verification_code_rejected: not last",
                "email_verification_code_rejected: last",
            ])
    }

    @Test func `a new code invalidates the former one and keeps its expiry and attempts`() async throws {
        let world = try World.verifyingByCode { $0.emailVerificationTimeout = 300 }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let former = try world.code(mailedTo: "a@x.org")
        _ = try await client.verify("WRONG-CODE")
        world.clock.advance(by: .seconds(200))
        let resent = try await client.does { try await $0.resendVerification($1) }
        #expect(resent.answer == "done")
        #expect(resent.said == ["email_confirmation_sent: code signup a@x.org primary"])
        #expect(resent.mailed == ["email_confirmation_signup to a@x.org"])
        let code = try world.code(mailedTo: "a@x.org")
        #expect(code != former)
        #expect(try await client.verify(former).said == ["email_verification_code_rejected: not last"])
        world.clock.advance(by: .seconds(99))
        #expect(try await client.current() == "unauthenticated verify_email")
        world.clock.advance(by: .seconds(1))
        #expect(try await client.current() == "unauthenticated")
        let late = try await client.verify(code)
        #expect(late.answer == "conflict")
        #expect(late.said == [])
    }

    @Test func `a new code is sent as often as the setting allows`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        for _ in 1...2 {
            #expect(try await client.does { try await $0.resendVerification($1) }.answer == "done")
        }
        let third = try await client.does { try await $0.resendVerification($1) }
        #expect(third.answer == "conflict")
        #expect(third.mailed == [])
    }

    @Test func `a second code within ten seconds is rate limited`() async throws {
        let world = try World.verifyingByCode(limited: true)
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        #expect(try await client.does { try await $0.resendVerification($1) }.answer == "rate limited")
        world.clock.advance(by: .seconds(11))
        #expect(try await client.does { try await $0.resendVerification($1) }.answer == "done")
    }

    @Test func `without a pending verification every code is a conflict`() async throws {
        let world = try World.verifyingByCode()
        #expect(try await world.client().verify("BCDF-GHJK").answer == "conflict")
        #expect(try await world.client().does { try await $0.resendVerification($1) }.answer == "conflict")
        let member = try await world.member("a@x.org")
        #expect(try await member.verify("BCDF-GHJK").answer == "conflict")
    }

    @Test func `no code is accepted for an address that is taken, and no signal is emitted`() async throws {
        let world = try World.verifyingByCode()
        _ = try await world.client().signUp("a@x.org")
        let client = world.client()
        let second = try await client.signUp("a@x.org")
        #expect(second.answer == "unauthenticated verify_email")
        #expect(second.mailed == ["account_already_exists to a@x.org"])
        let resent = try await client.does { try await $0.resendVerification($1) }
        #expect(resent.answer == "done")
        #expect(resent.mailed == [])
        for _ in 1...3 {
            let happened = try await client.verify("BCDF-GHJK")
            #expect(happened.answer == "refused incorrect_code in key")
            #expect(happened.said == [])
        }
        #expect(try await client.verify("BCDF-GHJK").answer == "conflict")
    }

    @Test func `a code survives a restart and is valid in its own session only`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let other = world.client()
        _ = try await other.signUp("b@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        #expect(try await other.verify(code).answer == "refused incorrect_code in key")
        let restarted = World(restarting: world) { _ in }.client()
        restarted.token = client.token
        #expect(try await restarted.verify(code).answer == "authenticated")
    }

    @Test func `checking a code keeps it pending and counts a wrong one`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        let wrong = try await client.does { try await $0.emailVerification(for: "WRONG-CODE", $1) }
        #expect(wrong.said == ["email_verification_code_rejected: not last"])
        let right = try await client.does { try await $0.emailVerification(for: code, $1) }
        #expect(right.answer == "confirmable a@x.org")
        #expect(right.said == [])
        #expect(try await client.verify(code).answer == "authenticated")
    }

    // MARK: At log-in

    @Test func `a log-in continues the sign-up of a user who never logged in`() async throws {
        let world = try World.verifyingByCode()
        _ = try await world.client().signUp("a@x.org")
        let client = world.client()
        let happened = try await client.logIn("a@x.org")
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(
            happened.said == [
                "authentication_step_completed: password",
                "email_confirmation_sent: code signup a@x.org primary",
            ])
        let verified = try await client.verify(try world.code(mailedTo: "a@x.org"))
        #expect(verified.said == ["email_confirmed: a@x.org verified primary", "user_logged_in"])
        #expect(verified.signals[1].data["methods"] == .array([.string("password")]))
    }

    @Test func `a log-in verifies the address of a user who logged in before`() async throws {
        let world = try World.verifyingByCode()
        let lax = World(restarting: world) {
            $0.emailVerification = .none
            $0.emailVerificationByCode = false
        }
        _ = try await lax.client().signUp("a@x.org")
        let happened = try await world.client().logIn("a@x.org")
        #expect(
            happened.said == [
                "authentication_step_completed: password", "email_confirmation_sent: code a@x.org primary",
            ])
        #expect(happened.mailed == ["email_confirmation to a@x.org"])
    }

    @Test func `a user deactivated meanwhile is not logged in`() async throws {
        let world = try World.verifyingByCode()
        let client = world.client()
        let signedUp = try await client.signUp("a@x.org")
        let user = try #require(signedUp.signals[0].subject.flatMap(UUID.init(uuidString:)))
        try await world.accounts.users.deactivate(user)
        let happened = try await client.verify(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "conflict")
        #expect(happened.said == [])
        #expect(try await client.current() == "unauthenticated")
    }
}
