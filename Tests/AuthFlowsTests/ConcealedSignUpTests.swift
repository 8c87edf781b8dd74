// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// A sign-up with an address that is taken gives the same results as one with an address that is free.
@Suite struct ConcealedSignUpTests {
    private func world(_ more: (inout AccountSettings) -> Void = { _ in }) throws -> World {
        try World.verifyingByCode {
            $0.emailVerificationChanges = 2
            more(&$0)
        }
    }

    @Test func `changing the address gives the same results for taken and free addresses`() async throws {
        let world = try world()
        _ = try await world.member("known@x.org")
        var answers: [[String]] = []
        for email in ["known@x.org", "fresh@x.org"] {
            let client = world.client()
            let to = "other-\(email)"
            answers.append([
                try await client.signUp(email).answer,
                try await client.addEmail(email).answer,
                try await client.addEmail("bad").answer,
                try await client.addEmail(to).answer.replacing(to, with: "ADDRESS"),
                try await client.verify("WRONG-CODE").answer,
                try await client.addEmail("third-\(email)").answer.replacing(
                    "third-\(email)", with: "ADDRESS"),
                try await client.addEmail("fourth-\(email)").answer,
                try await client.current(),
                try await client.verify(try world.code(mailedTo: "third-\(email)")).answer,
            ])
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0][3] == "ADDRESS primary")
        #expect(answers[0].last == "authenticated")
    }

    @Test func `changing to a free address creates the account with the chosen password`() async throws {
        let world = try world()
        _ = try await world.member("known@x.org")
        let client = world.client()
        #expect(try await client.signUp("known@x.org", otherPassword).said == [])
        let changed = try await client.addEmail("a@x.org")
        #expect(
            changed.said == ["user_signed_up", "email_confirmation_sent: code signup a@x.org primary"])
        #expect(changed.mailed == ["email_confirmation_signup to a@x.org"])
        let verified = try await client.verify(try world.code(mailedTo: "a@x.org"))
        #expect(verified.said == ["email_confirmed: a@x.org verified primary", "user_logged_in"])
        #expect(try await world.client().logIn("a@x.org", otherPassword).answer == "authenticated")
        #expect(try await world.client().logIn("known@x.org").answer == "authenticated")
    }

    @Test func `changing from one taken address to another reveals nothing`() async throws {
        let world = try world()
        _ = try await world.member("known@x.org")
        _ = try await world.member("other@x.org")
        let client = world.client()
        _ = try await client.signUp("known@x.org")
        let changed = try await client.addEmail("other@x.org")
        #expect(changed.answer == "other@x.org primary")
        #expect(changed.mailed == ["account_already_exists to other@x.org"])
        #expect(try await client.addEmail("a@x.org").said.first == "user_signed_up")
    }

    @Test func `a sign-up with a provider continues with its provider account`() async throws {
        let world = try world()
        _ = try await world.member("known@x.org")
        let client = world.client()
        #expect(try await client.social("1 known@x.org").answer == "unauthenticated verify_email")
        let changed = try await client.addEmail("a@x.org")
        #expect(changed.answer == "a@x.org primary")
        #expect(
            changed.said == [
                "authentication_step_completed: socialaccount", "user_signed_up",
                "email_confirmation_sent: code signup a@x.org primary",
            ])
        #expect(try await client.verify(try world.code(mailedTo: "a@x.org")).answer == "authenticated")
        #expect(try await world.socialAccounts(of: "a@x.org").map(\.uid) == ["1"])
    }

    @Test func `limits changes equally, and refuses a username that was taken meanwhile`() async throws {
        let world = try World(limited: true) {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
            $0.emailVerificationChanges = 100
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .email: true, .password1: true]
        }
        _ = try await world.client().signUp("known@x.org", username: "known")
        var answers: [[String]] = []
        for (name, email) in [("eve", "known@x.org"), ("ada", "fresh@x.org")] {
            let client = world.client()
            world.clock.advance(by: .seconds(60))
            _ = try await client.signUp(email, username: name)
            var all: [String] = []
            for _ in 1...11 { all.append(try await client.addEmail("bad").answer) }
            answers.append(all)
        }
        #expect(answers[0] == answers[1])
        #expect(answers[0].last == "rate limited")

        let late = world.client()
        world.clock.advance(by: .seconds(60))
        _ = try await late.signUp("known@x.org", username: "bob")
        world.clock.advance(by: .seconds(60))
        _ = try await world.client().signUp("bob@x.org", username: "bob")
        #expect(try await late.addEmail("b@x.org").answer == "refused username_taken in username")
    }

    @Test func `a sign-up with a filled honeypot never creates an account`() async throws {
        let world = try world { $0.signupHoneypotField = "nickname" }
        let client = world.client()
        _ = try await client.does {
            try await $0.signUp(
                SignUp(email: "a@x.org", password: Password(goodPassword), honeypot: "filled"), $1)
        }
        let changed = try await client.addEmail("b@x.org")
        #expect(changed.answer == "b@x.org primary")
        #expect(changed.mailed == [])
        #expect(try await world.userCount() == 0)
    }

    // MARK: Notifications

    @Test(arguments: [false, true])
    func `a notification contains client data only if the address is verified`(_ isProved: Bool) async throws
    {
        let world = try World {
            $0.emailNotifications = true
            $0.loginMethods = [.email, .username]
            $0.signupFields = [.username: false, .email: true, .password1: true]
        }
        let client: Client
        if isProved {
            client = try await world.member("a@x.org")
        } else {
            client = world.client()
            _ = try await client.signUp("a@x.org", username: "buy-now.example")
        }
        let changed = try await client.changePassword(goodPassword, to: otherPassword)
        #expect(changed.mailed == ["password_changed to a@x.org"])
        #expect(changed.mails[0].values["user_agent"] == (isProved ? "tests" : nil))
        #expect(changed.mails[0].values["username"] == nil)
        #expect(changed.mails[0].values["timestamp"] != nil)
    }
}
