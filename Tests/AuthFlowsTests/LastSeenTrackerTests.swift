// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// The time of the last use of a session, which is stored without making any request wait for the disk.
@Suite struct LastSeenTrackerTests {
    /// The time in the store.
    private func stored(_ client: Client) async throws -> Date? {
        let hash = try #require(client.token).hash
        return try await client.world.store.read { (reading: any AccountReading) in
            try reading.session(tokenHash: hash)?.lastSeenAt
        }
    }

    /// The time in the list of sessions.
    private func listed(_ client: Client) async throws -> Date? {
        guard
            case .success(let list) = try await client.world.accounts.sessions.list(client.context)
        else { return nil }
        return list.sessions.first { $0.id == list.current }?.lastSeenAt
    }

    private func show(_ client: Client) async throws {
        #expect(try await client.world.accounts.sessions.authenticate(token: client.token!) != nil)
    }

    @Test func `the time of the last use is written at most once in five minutes`() async throws {
        let world = try World()
        let client = try await world.member("a@x.org")
        let start = world.clock.now()
        world.clock.advance(by: .seconds(299))
        try await show(client)
        #expect(try await world.accounts.sessions.writeSightings() == 0)
        #expect(try await stored(client) == start)

        world.clock.advance(by: .seconds(1))
        for _ in 0..<100 { try await show(client) }
        // Authenticating wrote nothing; the list shows the new time at once.
        #expect(try await stored(client) == start)
        #expect(try await listed(client) == start + 300)
        #expect(try await world.accounts.sessions.writeSightings() == 1)
        #expect(try await stored(client) == start + 300)

        try await show(client)
        #expect(try await world.accounts.sessions.writeSightings() == 0)
        world.clock.advance(by: .seconds(300))
        try await show(client)
        #expect(try await world.accounts.sessions.writeSightings() == 1)
        #expect(try await stored(client) == start + 600)
    }

    @Test func `other sessions do not change, and no signal is emitted`() async throws {
        let world = try World()
        let (used, idle) = (try await world.member("a@x.org"), try await world.member("b@x.org"))
        let start = world.clock.now()
        world.clock.advance(by: .seconds(3600))
        try await show(used)
        _ = try await world.newSignals()
        #expect(try await world.accounts.sessions.writeSightings() == 1)
        #expect(try await world.newSignals().map(\.text) == [])
        #expect(try await stored(used) == start + 3600)
        #expect(try await stored(idle) == start)
    }

    @Test func `a session that has ended is not written again`() async throws {
        let world = try World()
        let client = try await world.member("a@x.org")
        world.clock.advance(by: .seconds(600))
        try await show(client)
        let token = client.token
        _ = try await client.logOut()
        let before = try await world.contents()
        _ = try await world.accounts.sessions.writeSightings()
        #expect(try await world.contents() == before)
        #expect(try await world.accounts.sessions.authenticate(token: token!) == nil)
    }

    @Test func `a failed write is repeated the next time`() async throws {
        let world = try World()
        let client = try await world.member("a@x.org")
        world.clock.advance(by: .seconds(600))
        let accounts = Accounts(
            store: RacedStore(world.store, .username), keys: world.accounts.keys,
            settings: world.accounts.settings, clock: world.clock)
        #expect(try await accounts.sessions.authenticate(token: client.token!) != nil)
        await #expect(throws: StoreConflict.self) { try await accounts.sessions.writeSightings() }
        #expect(try await accounts.sessions.writeSightings() == 1)
        #expect(try await stored(client) == world.clock.now())
    }

    @Test func `a later time written by another process is kept`() async throws {
        let world = try World()
        let client = try await world.member("a@x.org")
        let other = World(restarting: world) { _ in }
        world.clock.advance(by: .seconds(600))
        try await show(client)
        world.clock.advance(by: .seconds(60))
        #expect(try await other.accounts.sessions.authenticate(token: client.token!) != nil)
        #expect(try await other.accounts.sessions.writeSightings() == 1)
        _ = try await world.accounts.sessions.writeSightings()
        #expect(try await stored(client) == world.clock.now())
    }
}
