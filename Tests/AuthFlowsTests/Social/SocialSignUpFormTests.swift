// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// A sign-up with a provider that needs a form.
@Suite struct SocialSignUpFormTests {
    private func waiting(_ shown: String, _ world: World) async throws -> Client {
        let client = world.client()
        let happened = try await client.social(shown)
        #expect(happened.answer == "unauthenticated provider_signup")
        #expect(happened.said == ["pre_social_login: proceeded"])
        return client
    }

    @Test func `completing the form does not emit pre_social_login again`() async throws {
        let world = try World { $0.social.autoSignup = false }
        let client = try await waiting("1 a@x.org*", world)
        #expect(try await client.current() == "unauthenticated provider_signup")
        #expect(try await client.does { try await $0.providerSignup($1) }.answer == "sign-up of example 1")
        let happened = try await client.completeSignUp("a@x.org")
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "authentication_step_completed: socialaccount", "user_signed_up", "user_logged_in",
            ])
        #expect(happened.signals[1].data["sociallogin"]?["uid"] == "1")
        #expect(happened.signals[2].data["sociallogin"]?["uid"] == "1")
        #expect(
            happened.result.authentication?.emailAddresses.map(\.text) == ["a@x.org verified primary"])
    }

    @Test func `a pending sign-up survives a restart with its token`() async throws {
        let world = try World {
            $0.social.autoSignup = false
            $0.social.storeTokens = true
        }
        let client = try await waiting("1 a@x.org*", world)
        let same = World(restarting: world) { _ in }.client()
        same.token = client.token
        #expect(try await same.completeSignUp("a@x.org").answer == "authenticated")
        let account = try #require(try await world.socialAccounts(of: "a@x.org").first)
        let stored = try await world.store.read { (reading: any AccountReading) in
            try reading.providerToken(of: account.id)
        }
        #expect(stored?.accessToken.exposedText == "access-token-of-1")
    }

    @Test func `a missing address is required in the form and verified by mail`() async throws {
        let world = try World { $0.emailVerification = .mandatory }
        let client = try await waiting("1", world)
        #expect(try await client.completeSignUp(nil).answer == "refused required in email")
        #expect(try await client.completeSignUp("nonsense").answer == "refused invalid in email")
        let happened = try await client.completeSignUp("a@x.org")
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(happened.mailed == ["email_confirmation_signup to a@x.org"])
    }

    @Test func `an address typed in the form is added to the verified one, which stays primary`()
        async throws
    {
        let world = try World {
            $0.social.autoSignup = false
            $0.emailVerification = .mandatory
        }
        let client = try await waiting("1 a@x.org*", world)
        let happened = try await client.completeSignUp("typed@x.org")
        #expect(happened.answer == "authenticated")
        #expect(happened.mailed == [])
        #expect(
            happened.result.authentication?.emailAddresses.map(\.text) == [
                "a@x.org verified primary", "typed@x.org",
            ])
    }

    @Test(arguments: [AccountSettings.EmailVerification.none, .optional])
    func `a taken address requires the form, which refuses it`(
        _ verification: AccountSettings.EmailVerification
    ) async throws {
        let world = try World { $0.emailVerification = verification }
        _ = try await world.member("a@x.org")
        let client = try await waiting("1 a@x.org*", world)
        let taken = try await client.completeSignUp("a@x.org")
        #expect(taken.answer == "refused email_taken in email")
        #expect(taken.said == [])
        let happened = try await client.completeSignUp("b@x.org")
        #expect(
            happened.result.authentication?.emailAddresses.map(\.email) == ["b@x.org"])
    }

    @Test(arguments: [true, false])
    func `mandatory verification hides a taken address and notifies its owner`(_ verified: Bool) async throws
    {
        let world = try World { $0.emailVerification = .mandatory }
        if verified {
            _ = try await world.member("a@x.org")
        } else {
            _ = try await world.client().signUp("a@x.org")
        }
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "unauthenticated verify_email")
        #expect(happened.said == ["pre_social_login: proceeded"])
        #expect(happened.mailed == ["account_already_exists to a@x.org"])

        let form = World(restarting: world) { $0.social.autoSignup = false }
        let client = try await waiting("2 b@x.org*", form)
        let typed = try await client.completeSignUp("a@x.org")
        #expect(typed.answer == "unauthenticated verify_email")
        #expect(typed.said == [])
        #expect(try await world.socialAccounts(of: "a@x.org").isEmpty)
    }

    @Test func `a form without a pending sign-up is a conflict`() async throws {
        let world = try World { $0.social.autoSignup = false }
        #expect(try await world.client().completeSignUp("a@x.org").answer == "conflict")
        #expect(try await world.client().does { try await $0.providerSignup($1) }.answer == "conflict")
        let client = try await waiting("1 a@x.org*", world)
        world.clock.advance(by: .seconds(901))
        #expect(try await client.completeSignUp("a@x.org").answer != "authenticated")
        #expect(try await world.addressCount() == 0)
    }

    @Test func `a sign-up closed meanwhile is refused`() async throws {
        let world = try World { $0.social.autoSignup = false }
        let client = try await waiting("1 a@x.org*", world)
        let closed = World(restarting: world) { $0.signupOpen = false }.client()
        closed.token = client.token
        #expect(try await closed.completeSignUp("a@x.org").answer == "closed")
        #expect(try await closed.does { try await $0.providerSignup($1) }.answer == "closed")
    }

    @Test func `a hook that refuses an address requires the form and refuses it there`() async throws {
        var hooks = AccountHooks()
        hooks.validateSignUp = { form, _ in
            form.email?.hasSuffix("@bad.org") == true
                ? [Refusal(.invalid, field: "email", "Not that one.")] : []
        }
        let world = try World(hooks: hooks)
        let client = try await waiting("1 a@bad.org*", world)
        #expect(try await client.completeSignUp("a@bad.org").answer == "refused invalid in email")
        #expect(try await client.completeSignUp("a@good.org").answer == "authenticated")
    }

    @Test func `another log-in replaces the pending sign-up`() async throws {
        let world = try World { $0.social.autoSignup = false }
        let client = try await waiting("1 a@x.org*", world)
        _ = try await client.social("2 b@x.org*")
        let happened = try await client.completeSignUp("b@x.org")
        #expect(happened.signals.last?.data["sociallogin"]?["uid"] == "2")
        #expect(try await world.socialAccounts(of: "b@x.org").map(\.uid) == ["2"])
    }

    @Test func `an account created by another client meanwhile is not created twice`() async throws {
        let world = try World { $0.social.autoSignup = false }
        let first = try await waiting("1 a@x.org*", world)
        let second = try await waiting("1 a@x.org*", world)
        #expect(try await first.completeSignUp("a@x.org").answer == "authenticated")
        let late = try await second.completeSignUp("b@x.org")
        #expect(late.answer == "conflict")
        #expect(late.said == [])
    }

    @Test func `a form posted many times concurrently creates one account`() async throws {
        let world = try World { $0.social.autoSignup = false }
        let client = try await waiting("1 a@x.org*", world)
        let context = client.context
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<20 {
                group.addTask {
                    try await world.accounts.signUpWithProvider(SocialSignUp(email: "a@x.org"), context).text
                }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 } as [String: Int]
        }
        #expect(answers["authenticated"] == 1)
        #expect(try await world.newSignals().filter { $0.name == "account.user_signed_up" }.count == 1)
    }

    @Test func `two hundred concurrent sign-ups of one social account create one user`() async throws {
        let world = try World()
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    try await world.accounts.logInWithProviderToken(
                        ProviderTokenLogIn(
                            provider: "example", process: .login,
                            token: TokenLogin(clientID: "x", idToken: TokenText("1 a@x.org*")))
                    ).text
                }
            }
            return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 } as [String: Int]
        }
        #expect(answers == ["authenticated": 200])
        let names = try await world.newSignals().map(\.name)
        #expect(names.filter { $0 == "account.user_signed_up" }.count == 1)
        #expect(names.filter { $0 == "socialaccount.pre_social_login" }.count == 200)
        #expect(names.filter { $0 == "socialaccount.social_account_updated" }.count == 199)
        #expect(names.filter { $0 == "account.user_logged_in" }.count == 200)
        #expect(try await world.socialAccounts(of: "a@x.org").count == 1)
    }
}
