// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite struct RemoveSocialAccountTests {
    @Test func `an account is disconnected, and the signal contains user and account`() async throws {
        let world = try World {
            $0.emailNotifications = true
            $0.social.storeTokens = true
        }
        let member = try await world.member("m@x.org")
        _ = try await member.social("1 a@x.org*", .connect)
        _ = try await member.social("2 a@x.org*", .connect)
        #expect(
            try await member.does { try await $0.listSocialAccounts($1) }.answer
                == "accounts example 1, example 2")
        let account = try #require(try await world.socialAccounts(of: "m@x.org").first)
        let happened = try await member.disconnect("1")
        #expect(happened.answer == "accounts example 2")
        #expect(happened.said == ["social_account_removed"])
        #expect(happened.mailed == ["account_disconnected to m@x.org"])
        let told = happened.signals[0].data["socialaccount"]
        #expect(told?["id"]?.string == account.id.uuidString.lowercased())
        #expect(told?["uid"] == "1")
        #expect(told?["extra_data"]?["shown"] == "1 a@x.org*")
        #expect(happened.signals[0].data["user"]?["email"] == "m@x.org")
        let token = try await world.store.read { (reading: any AccountReading) in
            try reading.providerToken(of: account.id)
        }
        #expect(token == nil)
        #expect(try await member.disconnect("1").answer == "refused account_not_found")
    }

    @Test func `refuses to disconnect the only way to log in`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.social("1 a@x.org*")
        let refused = try await client.disconnect("1")
        #expect(refused.answer == "refused no_password")
        #expect(refused.said == [])
        // One of two accounts can be disconnected.
        _ = try await client.social("2 a@x.org*", .connect)
        #expect(try await client.disconnect("1").answer == "accounts example 2")
        // With a password the last account can be disconnected, too.
        let set = try await client.changePassword(nil, to: goodPassword)
        #expect(set.said == ["password_set"])
        #expect(try await client.disconnect("2").answer == "accounts ")
        #expect(try await world.client().logIn("a@x.org").answer == "authenticated")
    }

    @Test func `with mandatory verification the last account needs a verified address to go`() async throws {
        let world = try World { $0.emailVerification = .none }
        let client = world.client()
        _ = try await client.social("1 a@x.org")
        _ = try await client.changePassword(nil, to: goodPassword)
        let strict = World(restarting: world) { $0.emailVerification = .mandatory }.client()
        strict.token = client.token
        let refused = try await strict.disconnect("1")
        #expect(refused.answer == "refused no_verified_email")
        #expect(refused.said == [])
    }

    @Test func `disconnecting requires reauthentication if the setting is on`() async throws {
        let world = try World { $0.reauthenticationRequired = true }
        let member = try await world.member("m@x.org")
        _ = try await member.does { try await $0.reauthenticate(Password(goodPassword), $1) }
        _ = try await member.social("1 a@x.org*", .connect)
        world.clock.advance(by: .seconds(301))
        let happened = try await member.disconnect("1")
        #expect(happened.answer == "reauthentication required")
        #expect(happened.said == [])
    }

    @Test func `refuses to disconnect another user's account or without a session`() async throws {
        let world = try World()
        _ = try await world.client().social("1 a@x.org*")
        let member = try await world.member("m@x.org")
        #expect(try await member.disconnect("1").answer == "refused account_not_found")
        #expect(try await world.client().disconnect("1").answer == "unauthenticated")
        #expect(
            try await world.client().does { try await $0.listSocialAccounts($1) }.answer == "unauthenticated")
        #expect(
            try await member.does { try await $0.removeSocialAccount(provider: nil, uid: "", $1) }.answer
                == "refused required in provider, required in account")
    }

    @Test func `deleting a user deletes the social accounts`() async throws {
        let world = try World()
        let client = world.client()
        _ = try await client.social("1 a@x.org*")
        let user = try #require(try await world.user("a@x.org"))
        try await world.store.transaction { (transaction: any AccountTransaction) in
            try transaction.delete(user)
        }
        #expect(
            try await world.client().social("1 a@x.org*").said
                == SignUpWithProviderTests.signedUp + ["user_logged_in"])
    }
}
