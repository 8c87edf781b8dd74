// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct AddSocialAccountTests {
    @Test func `a new account is connected to the caller`() async throws {
        let world = try World { $0.emailNotifications = true }
        let member = try await world.member("m@x.org")
        let happened = try await member.social("1 a@x.org*", .connect)
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["pre_social_login: proceeded connect", "social_account_added"])
        #expect(happened.signals.allSatisfy { $0.data["user"]?["email"] == "m@x.org" })
        #expect(happened.signals[1].data["sociallogin"]?["process"] == "connect")
        #expect(happened.mailed == ["account_connected to m@x.org"])
        #expect(try await world.socialAccounts(of: "m@x.org").map(\.uid) == ["1"])
        // The provider's addresses do not become the user's.
        #expect(happened.result.authentication?.emailAddresses.map(\.email) == ["m@x.org"])
        #expect(try await world.client().social("1 a@x.org*").said == LogInWithProviderTests.loggedIn)
    }

    @Test func `an account already connected to the caller is updated`() async throws {
        let world = try World()
        let member = try await world.member("m@x.org")
        _ = try await member.social("1 a@x.org*", .connect)
        let happened = try await member.social("1 new@x.org*", .connect)
        #expect(happened.answer == "authenticated")
        #expect(happened.said == ["pre_social_login: proceeded connect", "social_account_updated"])
        #expect(
            try await world.socialAccounts(of: "m@x.org").map { $0.extraData["shown"] } == ["1 new@x.org*"])
    }

    @Test func `an account of another user is not connected and not changed`() async throws {
        let world = try World()
        _ = try await world.client().social("1 a@x.org*")
        let member = try await world.member("m@x.org")
        let happened = try await member.social("1 new@x.org*", .connect)
        #expect(happened.answer == "refused connected_other")
        #expect(happened.said == ["pre_social_login: proceeded connect"])
        #expect(happened.signals[0].data["user"]?["email"] == "a@x.org")
        #expect(try await world.socialAccounts(of: "a@x.org").map { $0.extraData["shown"] } == ["1 a@x.org*"])
        #expect(try await world.socialAccounts(of: "m@x.org").isEmpty)
    }

    @Test(arguments: [true, false])
    func `connecting requires a logged-in user`(_ isKnown: Bool) async throws {
        let world = try World()
        if isKnown { _ = try await world.client().social("1 a@x.org*") }
        let happened = try await world.client().social("1 a@x.org*", .connect)
        #expect(happened.answer == "forbidden permission_denied")
        #expect(happened.said == ["pre_social_login: proceeded connect"])
    }

    @Test func `connecting continues after a required reauthentication`() async throws {
        let asked = Locked(0)
        let hooks = World.hook { _, _ in
            asked.change { $0 += 1 }
            return .proceed
        }
        let world = try World(hooks: hooks) { $0.reauthenticationRequired = true }
        let member = try await world.member("m@x.org")
        world.clock.advance(by: .seconds(301))
        let first = try await member.social("1 a@x.org*", .connect)
        #expect(first.answer == "reauthentication required")
        #expect(first.said == ["pre_social_login: proceeded connect"])
        #expect(
            try await member.does { try await $0.reauthenticate(Password(goodPassword), $1) }.said == [
                "authentication_step_completed: password reauthenticated"
            ])
        let second = try await member.social("1 a@x.org*", .connect)
        #expect(second.answer == "authenticated")
        #expect(second.said == ["social_account_added"])
        #expect(asked.value == 1)
        // The reauthenticated connect applied to that account, once.
        let third = try await member.social("1 a@x.org*", .connect)
        #expect(third.said == ["pre_social_login: proceeded connect", "social_account_updated"])
        let other = try await member.social("2 b@x.org*", .connect)
        #expect(other.said == ["pre_social_login: proceeded connect", "social_account_added"])
    }

    @Test func `another account than the pending one emits pre_social_login again`() async throws {
        let world = try World { $0.reauthenticationRequired = true }
        let member = try await world.member("m@x.org")
        world.clock.advance(by: .seconds(301))
        _ = try await member.social("1 a@x.org*", .connect)
        _ = try await member.does { try await $0.reauthenticate(Password(goodPassword), $1) }
        let happened = try await member.social("2 b@x.org*", .connect)
        #expect(happened.said == ["pre_social_login: proceeded connect", "social_account_added"])
    }

    @Test func `a hook that names another user is called again after reauthentication`() async throws {
        let target = Locked<User.ID?>(nil)
        let world = try World(
            hooks: World.hook { _, _ in target.value.map { .connect(to: $0) } ?? .proceed }
        ) { $0.reauthenticationRequired = true }
        let member = try await world.member("m@x.org")
        _ = try await world.member("o@x.org")
        let named = try #require(try await world.user("o@x.org"))
        target.change { $0 = named.id }
        #expect(try await member.social("1 a@x.org*", .connect).answer == "reauthentication required")
        _ = try await member.does { try await $0.reauthenticate(Password(goodPassword), $1) }
        let happened = try await member.social("1 a@x.org*", .connect)
        #expect(happened.answer == "refused connected_other")
        #expect(happened.said == ["pre_social_login: connected connect"])
        #expect(try await world.socialAccounts(of: "m@x.org").isEmpty)
    }
}
