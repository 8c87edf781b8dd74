// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// The hook of the application that decides on each social log-in.
@Suite struct PreSocialLoginHookTests {
    private struct Broken: Error {}

    @Test func `the hook receives the identity with the token`() async throws {
        let seen = Locked<[SocialLogin]>([])
        let world = try World(
            hooks: World.hook { login, _ in
                seen.change { $0.append(login) }
                return .proceed
            })
        _ = try await world.client().social("1 a@x.org*")
        _ = try await world.client().social("1 a@x.org*")
        #expect(seen.value.map(\.isExisting) == [false, true])
        #expect(seen.value.map(\.identity.uid) == ["1", "1"])
        #expect(seen.value[0].identity.token?.accessToken.exposedText == "access-token-of-1")
        #expect(seen.value[0].account == nil)
        #expect(seen.value[1].account?.uid == "1")
    }

    @Test func `a denied log-in emits only pre_social_login`() async throws {
        let world = try World(hooks: World.hook { _, _ in .deny(reason: "no staff") })
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "forbidden denied")
        #expect(happened.said == ["pre_social_login: denied no staff"])
        #expect(try await world.addressCount() == 0)
    }

    @Test func `a denied log-in does not change a connected account`() async throws {
        let allows = Locked(true)
        let world = try World(
            hooks: World.hook { _, _ in allows.value ? .proceed : .deny(reason: "not today") })
        _ = try await world.client().social("1 a@x.org*")
        allows.change { $0 = false }
        let happened = try await world.client().social("1 new@x.org*")
        #expect(happened.said == ["pre_social_login: denied not today"])
        #expect(happened.signals[0].data["user"]?["email"] == "a@x.org")
        #expect(try await world.socialAccounts(of: "a@x.org").map { $0.extraData["shown"] } == ["1 a@x.org*"])
        let connect = try await world.client().social("1 a@x.org*", .connect)
        #expect(connect.said == ["pre_social_login: denied not today connect"])
    }

    @Test func `the hook can redirect the client`() async throws {
        let world = try World(
            hooks: World.hook { _, _ in .redirect(URL(string: "https://example.org/why")!) })
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "redirect https://example.org/why")
        #expect(happened.said == ["pre_social_login: redirected"])
    }

    @Test func `the hook can name the user to connect the account to`() async throws {
        let target = Locked<User.ID?>(nil)
        let world = try World(
            hooks: World.hook { login, _ in
                guard !login.isExisting, let id = target.value else { return .proceed }
                return .connect(to: id)
            }
        ) { $0.emailNotifications = true }
        let member = try await world.member("m@x.org")
        let user = try #require(try await world.user("m@x.org"))
        target.change { $0 = user.id }
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "authenticated")
        #expect(
            happened.said == [
                "pre_social_login: connected", "social_account_added",
                "authentication_step_completed: socialaccount", "user_logged_in",
            ])
        #expect(happened.mailed == ["account_connected to m@x.org"])
        #expect(happened.result.authentication?.user.id == user.id)
        // A connect to the caller's own account is allowed.
        let own = try await member.social("2 b@x.org*", .connect)
        #expect(own.said == ["pre_social_login: connected connect", "social_account_added"])
        // A connect in another user's session is refused.
        let other = try await world.member("o@x.org")
        let refused = try await other.social("3 c@x.org*", .connect)
        #expect(refused.answer == "refused connected_other")
        #expect(refused.said == ["pre_social_login: connected connect"])
        #expect(try await world.socialAccounts(of: "m@x.org").map(\.uid) == ["1", "2"])
    }

    @Test func `the hook cannot move a connected account or name an unknown user`() async throws {
        let target = Locked<User.ID?>(nil)
        let world = try World(
            hooks: World.hook { _, _ in target.value.map { .connect(to: $0) } ?? .proceed })
        _ = try await world.client().social("1 a@x.org*")
        _ = try await world.member("m@x.org")
        let user = try #require(try await world.user("m@x.org"))
        target.change { $0 = user.id }
        let stolen = try await world.client().social("1 a@x.org*")
        #expect(stolen.answer == "refused connected_other")
        #expect(stolen.said == ["pre_social_login: connected"])
        #expect(try await world.socialAccounts(of: "a@x.org").count == 1)
        target.change { $0 = UUID() }
        let unknown = try await world.client().social("2 b@x.org*")
        #expect(unknown.answer == "forbidden denied")
        #expect(unknown.said == ["pre_social_login: denied unknown_user"])
    }

    @Test func `a hook that exceeds its deadline denies the log-in and is not awaited`() async throws {
        let release = AsyncStream.makeStream(of: Void.self)
        let hooks = World.hook(deadline: .milliseconds(20)) { _, _ in
            // Ignores cancellation.
            await Task { for await _ in release.stream {} }.value
            return .proceed
        }
        let world = try World(hooks: hooks)
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "forbidden denied")
        #expect(happened.said == ["pre_social_login: denied timeout"])
        #expect(try await world.addressCount() == 0)
        release.continuation.finish()
    }

    @Test func `a hook that throws denies the log-in`() async throws {
        let world = try World(hooks: World.hook { _, _ in throw Broken() })
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.answer == "forbidden denied")
        #expect(happened.said == ["pre_social_login: denied error"])
    }

    @Test func `a hook can fail open, which pre_social_login records`() async throws {
        let slow = try World(
            hooks: World.hook(deadline: .milliseconds(20), failsOpen: true) { _, _ in
                try await Task.sleep(for: .seconds(600))
                return .deny(reason: "never said")
            })
        let late = try await slow.client().social("1 a@x.org*")
        #expect(late.answer == "authenticated")
        #expect(late.said.first == "pre_social_login: proceeded timeout")
        let broken = try World(hooks: World.hook(failsOpen: true) { _, _ in throw Broken() })
        #expect(
            try await broken.client().social("1 a@x.org*").said.first == "pre_social_login: proceeded error")
    }

    @Test func `a long reason is truncated`() async throws {
        let world = try World(
            hooks: World.hook { _, _ in .deny(reason: String(repeating: "ä", count: 1000)) })
        let happened = try await world.client().social("1 a@x.org*")
        #expect(happened.signals[0].data["reason"]?.string?.utf8.count == 512)
    }

    @Test func `the hook is called again if the account was created meanwhile`() async throws {
        let world = try World()
        let asked = Locked<[Bool]>([])
        let hooks = World.hook { login, _ in
            asked.change { $0.append(login.isExisting) }
            if asked.value.count == 1 { _ = try await world.client().social("1 a@x.org*") }
            return login.isExisting ? .deny(reason: "known") : .proceed
        }
        let accounts = Accounts(
            store: world.store, keys: world.accounts.keys, settings: world.accounts.settings,
            passwords: world.accounts.passwords, hooks: hooks, providers: world.accounts.providers,
            clock: world.clock)
        let result = try await accounts.logInWithProviderToken(
            ProviderTokenLogIn(
                provider: "example", process: .login,
                token: TokenLogin(clientID: "x", idToken: TokenText("1 a@x.org*"))))
        #expect(result.text == "forbidden denied")
        #expect(asked.value == [false, true])
    }
}
