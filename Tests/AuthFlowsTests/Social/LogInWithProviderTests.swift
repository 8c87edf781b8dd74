// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// Log-ins with a connected account or by a verified address.
@Suite struct LogInWithProviderTests {
    static let loggedIn = [
        "pre_social_login: proceeded", "social_account_updated",
        "authentication_step_completed: socialaccount", "user_logged_in",
    ]

    @Test func `a connected account logs in and is updated`() async throws {
        let world = try World()
        _ = try await world.client().social("1 a@x.org*")
        world.clock.advance(by: .seconds(60))
        let happened = try await world.client().social("1 a@x.org* new@x.org*")
        #expect(happened.answer == "authenticated")
        #expect(happened.said == Self.loggedIn)
        #expect(happened.signals.allSatisfy { $0.data["user"]?["email"] == "a@x.org" })
        let account = try #require(try await world.socialAccounts(of: "a@x.org").first)
        #expect(account.extraData["shown"] == "1 a@x.org* new@x.org*")
        #expect(account.lastLogin == world.clock.now())
        #expect(account.dateJoined == world.clock.now() - 60)
        // The provider's new addresses are not added to the user.
        #expect(happened.result.authentication?.emailAddresses.map(\.email) == ["a@x.org"])
        #expect(happened.signals[3].data["sociallogin"]?["account_id"]?.string != nil)
    }

    @Test func `an inactive user is not logged in and only pre_social_login is emitted`() async throws {
        let world = try World()
        _ = try await world.client().social("1 a@x.org*")
        let user = try #require(try await world.user("a@x.org"))
        try await world.accounts.users.deactivate(user.id)
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "unauthenticated")
        #expect(happened.said == ["pre_social_login: proceeded"])
    }

    @Test(arguments: ["1 a@x.org*", "2 b@x.org*"])
    func `a logged-in user is logged out first`(_ shown: String) async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.social("2 b@x.org*")
        _ = try await world.client().social("1 a@x.org*")
        let former = client.token
        let happened = try await client.social(shown)
        #expect(
            happened.said == [
                "pre_social_login: proceeded", "social_account_updated", "user_logged_out",
                "authentication_step_completed: socialaccount", "user_logged_in",
            ])
        #expect(happened.signals[2].data["user"]?["email"] == "b@x.org")
        #expect(try await world.accounts.sessions.authenticate(token: former!) == nil)
        #expect(try await world.accounts.sessions.authenticate(token: client.token!) != nil)
    }

    @Test func `a refused log-in keeps the current session`() async throws {
        let world = try World { $0.signupOpen = false }
        let member = try await World(restarting: world) { $0.signupOpen = true }.member("m@x.org")
        let client = world.client()
        client.token = member.token
        let happened = try await client.social("1 a@x.org*")
        #expect(happened.said == ["pre_social_login: proceeded"])
        #expect(try await client.current() == "authenticated")
    }

    @Test func `with mandatory verification an unverified address keeps the log-in pending`() async throws {
        let world = try World { $0.emailVerification = .none }
        _ = try await world.client().social("1 a@x.org")
        let strict = World(restarting: world) { $0.emailVerification = .mandatory }
        let happened = try await strict.client().social("1 a@x.org")
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(
            happened.said == [
                "pre_social_login: proceeded", "social_account_updated",
                "authentication_step_completed: socialaccount",
                "email_confirmation_sent: link a@x.org primary",
            ])
    }

    @Test func `a code can be required after it, and the social log-in is kept`() async throws {
        let world = try World {
            $0.loginByCodeEnabled = true
            $0.loginByCodeRequired = ["socialaccount"]
        }
        let lax = World(restarting: world) { $0.loginByCodeRequired = [] }
        _ = try await lax.client().social("1 a@x.org*")
        let client = world.client()
        let first = try await client.social("1 a@x.org*")
        #expect(first.answer == "unauthenticated login_by_code")
        #expect(first.said == Self.loggedIn.dropLast())
        #expect(first.mailed == ["login_code to a@x.org"])
        let restarted = World(restarting: world).client()
        restarted.token = client.token
        let second = try await restarted.confirmLoginCode(world.code(mailedTo: "a@x.org"))
        #expect(second.said == ["authentication_step_completed: code", "user_logged_in"])
        #expect(second.signals[1].data["sociallogin"]?["uid"] == "1")
        #expect(second.signals[1].data["methods"] == ["socialaccount", "code"])
    }

    // MARK: By email

    private func trusting(autoConnect: Bool, _ more: (inout AccountSettings) -> Void = { _ in }) throws
        -> World
    {
        try World {
            $0.social.emailAuthentication = true
            $0.social.emailAuthenticationAutoConnect = autoConnect
            $0.emailNotifications = true
            more(&$0)
        }
    }

    @Test func `an address verified by the provider logs in, with the same signals every time`() async throws
    {
        let world = try trusting(autoConnect: false)
        _ = try await world.member("a@x.org")
        for _ in 1...2 {
            let happened = try await world.client().social("1 a@x.org*")
            #expect(
                happened.said == [
                    "pre_social_login: proceeded", "authentication_step_completed: socialaccount",
                    "user_logged_in",
                ])
            let told = happened.signals[0].data["sociallogin"]
            #expect(told?["is_existing"] == true)
            #expect(told?["account_id"] == nil)
            #expect(happened.signals[0].data["user"]?["email"] == "a@x.org")
            #expect(try await world.socialAccounts(of: "a@x.org").isEmpty)
        }
        #expect(try await world.user("a@x.org")?.passwordHash != nil)
    }

    @Test func `an address not verified by the provider does not log in`() async throws {
        let world = try trusting(autoConnect: true)
        _ = try await world.member("a@x.org")
        #expect(try await world.client().social("1 a@x.org").answer == "unauthenticated provider_signup")
    }

    @Test func `the policy of a provider can allow log-in by address`() async throws {
        var trusted = ScriptedProvider(id: "trusted")
        trusted.policy.emailAuthentication = true
        trusted.policy.emailAuthenticationAutoConnect = true
        let world = try World(providers: [trusted, ScriptedProvider(id: "other")])
        _ = try await world.member("a@x.org")
        #expect(
            try await world.client().social("1 a@x.org*", provider: "other").answer
                == "unauthenticated provider_signup")
        #expect(try await world.client().social("1 a@x.org*", provider: "trusted").answer == "authenticated")
        #expect(try await world.socialAccounts(of: "a@x.org").map(\.provider) == ["trusted"])
    }

    @Test func `a log-in by address can connect the account`() async throws {
        let world = try trusting(autoConnect: true)
        _ = try await world.member("a@x.org")
        let happened = try await world.client().social("1 a@x.org*")
        #expect(
            happened.said == [
                "pre_social_login: proceeded", "social_account_added",
                "authentication_step_completed: socialaccount", "user_logged_in",
            ])
        #expect(happened.mailed == ["account_connected to a@x.org"])
        #expect(happened.mails.first?.values["provider"] == "Example")
        #expect(try await world.client().social("1 a@x.org*").said == Self.loggedIn)
    }

    @Test func `the creator of an account with an unverified address loses access to it`() async throws {
        let world = try trusting(autoConnect: true)
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org")
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "pre_social_login: proceeded", "email_confirmed: a@x.org verified primary",
                "social_account_added", "authentication_step_completed: socialaccount", "user_logged_in",
            ])
        #expect(try await world.user("a@x.org")?.passwordHash == nil)
        #expect(try await attacker.current() == "gone")
        #expect(
            try await world.client().logIn("a@x.org").answer == "refused email_password_mismatch in password")
    }

    @Test func `with mandatory verification the log-in verifies the address`() async throws {
        let world = try trusting(autoConnect: false) { $0.emailVerification = .mandatory }
        _ = try await world.client().signUp("a@x.org")
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "pre_social_login: proceeded", "email_confirmed: a@x.org verified primary",
                "authentication_step_completed: socialaccount", "user_logged_in",
            ])
        #expect(happened.mailed == [])
        #expect(try await world.user("a@x.org")?.passwordHash == nil)
    }

    @Test func `the application can refuse a user, and only pre_social_login is emitted`() async throws {
        var hooks = AccountHooks()
        hooks.mayLogIn = { user, _ in
            user.lastLogin == nil ? nil : Refusal(Refusal.Code(rawValue: "no_entry"), "Not today.")
        }
        let world = try World(hooks: hooks)
        _ = try await world.client().social("1 a@x.org*")
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "refused no_entry")
        #expect(happened.said == ["pre_social_login: proceeded"])
    }

    @Test func `refuses an unknown provider and an invalid token`() async throws {
        let world = try World()
        #expect(
            try await world.client().social("1", provider: "missing").answer
                == "refused invalid_token in token")
        let empty = try await world.client().does {
            try await $0.logInWithProviderToken(
                ProviderTokenLogIn(provider: nil, process: nil, token: TokenLogin(clientID: nil)), $1)
        }
        #expect(empty.answer == "refused required in provider, invalid_choice in process")
        for (client, text, code) in [
            (nil, "1", "client_id_required"), ("y", "1", "invalid_token"), ("x", "", "token_required"),
        ] as [(String?, String, String)] {
            let refused = try await world.client().does {
                try await $0.logInWithProviderToken(
                    ProviderTokenLogIn(
                        provider: "example", process: .login,
                        token: TokenLogin(clientID: client, idToken: TokenText(text))), $1)
            }
            #expect(refused.answer == "refused \(code) in token")
            #expect(refused.said == [])
        }
        #expect(
            try await world.client().social("1 a@x.org*", .redirect).answer
                == "refused invalid_choice in process")
        var browsersOnly = ScriptedProvider()
        browsersOnly.ways = [.redirect]
        #expect(
            try await World(providers: [browsersOnly]).client().social("1 a@x.org*").answer
                == "refused token_authentication_not_supported in provider")
    }

    @Test func `with social accounts only, log-in and sign-up by password are closed`() async throws {
        let world = try World {
            $0.social.socialOnly = true
            $0.emailVerification = .none
        }
        #expect(try await world.client().signUp("a@x.org").answer == "closed")
        #expect(try await world.client().logIn("a@x.org").answer == "closed")
        #expect(try await world.client().requestReset("a@x.org").answer == "closed")
        let client = world.client()
        #expect(try await client.social("1 a@x.org*").answer == "authenticated")
        #expect(try await client.changePassword(nil, to: otherPassword).answer == "closed")
        #expect(try await client.disconnect("1").answer == "refused disconnect_last")
    }
}
