// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// How an address verified by the provider changes the account that logs in.
@Suite struct VouchedAddressTests {
    @Test func `an address verified by the provider becomes verified, once`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let lax = World(restarting: world) { $0.emailVerification = .none }
        let client = lax.client()
        _ = try await client.signUp("a@x.org")
        let connected = try await client.social("1 a@x.org*", .connect)
        #expect(
            connected.said == ["pre_social_login: proceeded connect", "social_account_added"])
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "pre_social_login: proceeded", "social_account_updated",
                "email_confirmed: a@x.org verified primary", "authentication_step_completed: socialaccount",
                "user_logged_in",
            ])
        #expect(happened.mailed == [])
        let again = try await world.client().social("1 a@x.org*")
        #expect(again.said.contains { $0.hasPrefix("email_confirmed") } == false)
        // The password was set by the same user who connected the account.
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `an unverified or other address of the provider verifies nothing`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let lax = World(restarting: world) { $0.emailVerification = .none }
        let client = lax.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.social("1", .connect)
        for shown in ["1 a@x.org", "1 b@x.org*"] {
            let happened = try await world.client().social(shown)
            #expect(happened.answer == "unauthenticated verify_email")
            #expect(happened.said.contains { $0.hasPrefix("email_confirmed") } == false)
        }
    }

    @Test func `an address verified by another user is not verified again`() async throws {
        let world = try World { $0.preventEnumeration = .strict }
        let client = world.client()
        _ = try await client.signUp("a@x.org")
        _ = try await client.social("1", .connect)
        _ = try await world.member("a@x.org")
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.said.contains { $0.hasPrefix("email_confirmed") } == false)
    }

    @Test func `a log-in by address verifies the address and ends the other sessions`() async throws {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.social.emailAuthentication = true
        }
        let lax = World(restarting: world) { $0.emailVerification = .none }
        let attacker = lax.client()
        _ = try await attacker.signUp("a@x.org")
        _ = try await attacker.addEmail("evil@x.org")
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "pre_social_login: proceeded", "email_confirmed: a@x.org verified primary",
                "email_removed: evil@x.org", "authentication_step_completed: socialaccount",
                "user_logged_in",
            ])
        #expect(try await attacker.current() == "gone")
        #expect(
            try await world.client().logIn("a@x.org").answer == "refused email_password_mismatch in password")
    }

    @Test func `a log-in by address keeps the only address of a user with a username`() async throws {
        let world = try World {
            $0.loginMethods = [.username]
            $0.signupFields = [.username: true, .email: false, .password1: true]
            $0.social.emailAuthentication = true
        }
        let client = world.client()
        _ = try await client.signUp(nil, username: "ada")
        _ = try await client.addEmail("a@x.org")
        let happened = try await world.client().social("1 a@x.org*")
        #expect(
            happened.result.authentication?.emailAddresses.map(\.text) == ["a@x.org verified primary"])
    }

    // MARK: Decisions of the application

    @Test(arguments: [true, false])
    func `a hook decides whether an address logs in`(_ allows: Bool) async throws {
        var hooks = AccountHooks()
        hooks.canAuthenticateByEmail = { identity, email in
            identity.provider == "example" && email.hasSuffix("@x.org") ? allows : nil
        }
        let world = try World(hooks: hooks) { $0.social.emailAuthentication = !allows }
        _ = try await world.member("a@x.org")
        _ = try await world.member("a@y.org")
        let here = try await world.client().social("1 a@x.org*")
        #expect((here.result.authentication != nil) == allows)
        // Without a decision of the hook the settings apply.
        let elsewhere = try await world.client().social("2 a@y.org*")
        #expect((elsewhere.result.authentication != nil) == !allows)
    }

    // MARK: One-time tokens

    @Test func `a one-time token is refused the second time, also by another process`() async throws {
        var provider = ScriptedProvider()
        let world = try World()
        provider.oneTimeToken = OneTimeToken(
            id: "https://id.example.org 1", expiresAt: world.clock.now() + 300)
        let (one, other) = (
            World(restarting: world, providers: [provider]), World(restarting: world, providers: [provider])
        )
        #expect(try await one.client().social("1 a@x.org*").answer == "authenticated")
        for world in [other, one] {
            let again = try await world.client().social("1 a@x.org*")
            #expect(again.answer == "refused invalid_token in token")
            #expect(again.said == [])
        }
    }
}
