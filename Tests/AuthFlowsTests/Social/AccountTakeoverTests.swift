// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// Attempts to take over another user's account by way of a provider, or to keep access to an account that
/// now belongs to another user.
@Suite struct AccountTakeoverTests {
    private func world(
        hooks: AccountHooks = AccountHooks(), _ more: (inout AccountSettings) -> Void = { _ in }
    ) throws -> World {
        try World(hooks: hooks) {
            $0.social.emailAuthentication = true
            $0.social.emailAuthenticationAutoConnect = true
            more(&$0)
        }
    }

    // MARK: Unverified addresses

    @Test(arguments: [true, false])
    func `an unverified address of another account does not log in to that account`(
        _ ownIsVerified: Bool
    ) async throws {
        let world = try world()
        let attacker =
            ownIsVerified ? try await world.member("evil@x.org") : world.client()
        if !ownIsVerified { _ = try await attacker.signUp("evil@x.org") }
        _ = try await attacker.addEmail("a@x.org")
        // The address is free to sign up with, since no user has verified it.
        let victim = try await world.client().social("1 a@x.org*")
        #expect(victim.answer == "authenticated")
        #expect(
            victim.said == [
                "pre_social_login: proceeded", "authentication_step_completed: socialaccount",
                "user_signed_up", "user_logged_in",
            ])
        #expect(victim.signals[0].data["user"] == nil)
        #expect(victim.result.authentication?.emailAddresses.map(\.text) == ["a@x.org verified primary"])
        // If it was a mistake and not an attack, the owner of the other account loses nothing.
        #expect(try await world.user("evil@x.org")?.passwordHash != nil)
        #expect(try await attacker.current() == "authenticated")
        #expect(try await world.socialAccounts(of: "evil@x.org").isEmpty)
    }

    @Test func `an unverified address does not lead to an account with another social account`() async throws
    {
        let world = try world()
        _ = try await world.client().social("666 a@x.org")
        let maker = try await world.user("a@x.org")?.id
        let victim = try await world.client().social("1 a@x.org*")
        #expect(victim.said.contains("user_signed_up"))
        #expect(victim.result.authentication?.user.id != maker)
        #expect(try await world.socialAccounts(of: "a@x.org").map(\.uid) == ["1"])
    }

    @Test func `a pending sign-up cannot change the address once its owner logged in`() async throws {
        let world = try world {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
            $0.emailVerificationChanges = 2
        }
        let attacker = world.client()
        _ = try await attacker.signUp("a@x.org")
        let victim = try await world.client().social("1 a@x.org*")
        #expect(victim.answer == "authenticated")
        let happened = try await attacker.does { try await $0.addEmail("evil@x.org", $1) }
        #expect(happened.answer == "conflict")
        #expect(happened.mailed == [])
        #expect(try await world.user("evil@x.org") == nil)
        #expect(try await world.socialAccounts(of: "a@x.org").map(\.uid) == ["1"])
    }

    @Test func `the address of a sign-up with a provider can be changed while it is pending`() async throws {
        let world = try world {
            $0.emailVerification = .mandatory
            $0.emailVerificationByCode = true
            $0.emailVerificationChanges = 1
        }
        let client = world.client()
        _ = try await client.social("1 typo@x.org")
        let changed = try await client.does { try await $0.addEmail("a@x.org", $1) }
        #expect(changed.answer == "a@x.org primary")
    }

    @Test func `normalization does not turn a lookalike letter of a local part into ASCII`() {
        #expect(EmailAddress.normalized(" Mi\u{212A}e@Example.ORG\n") == "mi\u{212A}e@example.org")
        #expect(EmailAddress.normalized("Mike@\u{212A}eys.example") == "mike@keys.example")
        #expect(EmailAddress.normalized("A@B@C") == "a@b@c")
        #expect(EmailAddress.normalized("Postmaster") == "postmaster")
    }

    @Test func `a lookalike address matches no user`() async throws {
        let world = try world()
        _ = try await world.member("mike@x.org")
        let happened = try await world.client().social("1 mi\u{212A}e@x.org*")
        #expect(happened.signals[0].data["user"] == nil)
        #expect(try await world.socialAccounts(of: "mike@x.org").isEmpty)
    }

    // MARK: Races

    /// The result of a log-in with the account 1, before whose transaction `other` runs.
    private func logIn(
        _ world: World, hooks: AccountHooks = AccountHooks(), closed: Bool = false,
        after other: @escaping @Sendable () async throws -> Void
    ) async throws -> String {
        var settings = world.accounts.settings
        settings.signupOpen = !closed
        let accounts = Accounts(
            store: RacedStore(world.store, .socialAccount, other), keys: world.accounts.keys,
            settings: settings, passwords: world.accounts.passwords, hooks: hooks,
            providers: world.accounts.providers, clock: world.clock)
        return try await accounts.logInWithProviderToken(
            ProviderTokenLogIn(
                provider: "example", process: .login,
                token: TokenLogin(clientID: "x", idToken: TokenText("1 new@x.org*")))
        ).text
    }

    @Test func `a concurrent disconnect does not bypass a closed sign-up`() async throws {
        let world = try World()
        let member = try await world.member("m@x.org")
        _ = try await member.social("1 a@x.org*", .connect)
        let answer = try await logIn(world, closed: true) { _ = try await member.disconnect("1") }
        #expect(answer == "closed")
        #expect(try await world.user("new@x.org") == nil)
    }

    @Test func `a concurrent connect does not bypass the application's refusal`() async throws {
        var hooks = AccountHooks()
        hooks.mayLogIn = { _, _ in Refusal(Refusal.Code(rawValue: "no_entry"), "Not today.") }
        let world = try World()
        let member = try await world.member("m@x.org")
        let answer = try await logIn(world, hooks: hooks) {
            _ = try await member.social("1 a@x.org*", .connect)
        }
        #expect(answer == "refused no_entry")
    }

    @Test func `a user named by the hook and deleted meanwhile is not created again`() async throws {
        let world = try World()
        _ = try await world.member("m@x.org")
        let user = try #require(try await world.user("m@x.org"))
        let answer = try await logIn(world, hooks: World.hook { _, _ in .connect(to: user.id) }, closed: true)
        {
            _ = try await world.accounts.users.delete(user.id)
        }
        #expect(answer == "forbidden denied")
        #expect(try await world.addressCount() == 0)
    }
}
