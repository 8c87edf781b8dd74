// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct LoginCodeRequiredTests {
    @Test(arguments: [["*"], ["password"]] as [Set<String>])
    func `a code can be required after a password`(_ required: Set<String>) async throws {
        let world = try World.takingLoginCodes { $0.loginByCodeRequired = required }
        _ = try await world.member("a@x.org")
        let client = world.client()
        let first = try await client.logIn("a@x.org")
        #expect(first.answer == "unauthenticated login_by_code")
        #expect(first.said == ["authentication_step_completed: password"])
        #expect(first.mailed == ["login_code to a@x.org"])
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["authentication_step_completed: code", "user_logged_in"])
        #expect(happened.signals[1].data["methods"] == .array([.string("password"), .string("code")]))
    }

    @Test func `a log-in by password and code verifies the address`() async throws {
        let world = try World.takingLoginCodes { $0.loginByCodeRequired = ["password"] }
        let lax = World(restarting: world) { $0.loginByCodeRequired = [] }
        _ = try await lax.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.logIn("a@x.org")
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(
            happened.said == [
                "authentication_step_completed: code", "email_confirmed: a@x.org verified primary",
                "user_logged_in",
            ])
    }

    @Test func `a code can be required after a sign-up`() async throws {
        let world = try World.takingLoginCodes {
            $0.loginByCodeRequired = ["*"]
            $0.emailVerification = .optional
        }
        let client = world.client()
        let signedUp = try await client.signUp("a@x.org")
        #expect(signedUp.answer == "unauthenticated login_by_code")
        #expect(signedUp.said == ["user_signed_up"])
        #expect(signedUp.mailed == ["login_code to a@x.org"])
        let happened = try await client.confirmLoginCode(try world.code(mailedTo: "a@x.org"))
        #expect(
            happened.said == [
                "authentication_step_completed: code", "email_confirmed: a@x.org verified primary",
                "user_logged_in",
            ])
        #expect(happened.mailed == [])
    }

    @Test func `a user without an address is not logged in if a code is required`() async throws {
        let world = try World.takingLoginCodes {
            $0.emailVerification = .none
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .password1: true]
            $0.loginByCodeRequired = ["password"]
        }
        let lax = World(restarting: world) { $0.loginByCodeRequired = [] }
        _ = try await lax.client().signUp(nil, username: "ada")
        let client = world.client()
        let happened = try await client.does {
            try await $0.logIn(LogIn(username: "ada", password: Password(goodPassword)), $1)
        }
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["authentication_step_completed: password"])
    }

    @Test func `a hook can refuse a log-in by code, which stays pending`() async throws {
        let refuses = Locked(true)
        var hooks = AccountHooks()
        hooks.mayLogIn = { _, _ in
            refuses.value ? Refusal(Refusal.Code(rawValue: "no_entry"), "Not today.") : nil
        }
        let world = try World(hooks: hooks) { $0.loginByCodeEnabled = true }
        _ = try await world.client().signUp("a@x.org")
        let client = world.client()
        _ = try await client.requestLoginCode("a@x.org")
        let code = try world.code(mailedTo: "a@x.org")
        let refused = try await client.confirmLoginCode(code)
        #expect(refused.answer == "refused no_entry")
        #expect(refused.said == [])
        refuses.change { $0 = false }
        #expect(try await client.confirmLoginCode(code).answer == "authenticated")
    }
}
