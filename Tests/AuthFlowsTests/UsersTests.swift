// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthTesting
import Foundation
import Testing

@Suite struct UsersTests {
    @Test func `deleting a user deletes addresses and sessions and emits no signal`() async throws {
        let world = try World()
        let member = try await world.member("a@x.org")
        let user = try #require(try await world.accounts.sessions.authenticate(token: member.token!)).user
        _ = try await world.newSignals()
        #expect(try await world.accounts.users.delete(user.id))
        #expect(try await world.newSignals().isEmpty)
        #expect(try await world.accounts.users.user(id: user.id) == nil)
        #expect(try await world.addressCount() == 0)
        #expect(try await member.current() == "gone")
        #expect(try await world.accounts.users.delete(user.id) == false)
        // The address is free again.
        #expect(try await world.client().signUp("a@x.org").answer == "authenticated")
    }

    @Test func `activating or deactivating an unknown user does nothing`() async throws {
        let world = try World()
        #expect(try await world.accounts.users.deactivate(UUID()) == false)
        #expect(try await world.accounts.users.activate(UUID()) == false)
        #expect(try await world.accounts.users.emailAddresses(of: UUID()).isEmpty)
    }
}
