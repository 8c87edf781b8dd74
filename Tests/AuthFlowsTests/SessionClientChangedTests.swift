// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// `usersessions.session_client_changed`: a session is used from another address or with another `User-Agent`.
@Suite struct SessionClientChangedTests {
    private let world: World
    private let client: Client

    init() async throws {
        world = try World()
        _ = try await world.member("a@x.org")
        client = world.client(ip: "192.0.2.1")
        _ = try await client.logIn("a@x.org")
        _ = try await world.everyNewSignal()
    }

    /// The client's session, used in another request.
    private func use(ip: String? = nil, userAgent: String? = nil) async throws {
        let request = SignalRequest(client: .app, ip: ip, userAgent: userAgent)
        #expect(
            try await world.accounts.sessions.authenticate(token: client.token!, request: request) != nil)
    }

    /// The signals of the next write.
    private func written() async throws -> [String] {
        _ = try await world.accounts.sessions.writeSightings()
        return try await world.everyNewSignal().map(\.text)
    }

    private func stored() async throws -> Session? {
        let hash = try #require(client.token).hash
        return try await world.store.read { (reading: any AccountReading) in
            try reading.session(tokenHash: hash)
        }
    }

    @Test func `another address is reported by the next write, with both clients`() async throws {
        try await use(ip: "192.0.2.2", userAgent: "tests")
        #expect(try await world.everyNewSignal().isEmpty)
        _ = try await world.accounts.sessions.writeSightings()
        let said = try await world.everyNewSignal()
        #expect(said.map(\.text) == ["session_client_changed: 192.0.2.1 tests to 192.0.2.2 tests"])
        let signal = try #require(said.first)
        let session = try #require(try await stored())
        #expect(signal.data["session"]?["id"]?.string == session.id.wireText)
        #expect(signal.data["request"]?["ip"]?.string == "192.0.2.2")
        #expect(signal.subject == session.userID?.uuidString.lowercased())
        #expect(session.ip == "192.0.2.2")
        #expect(try await written() == [])
    }

    @Test func `another User-Agent is reported`() async throws {
        try await use(ip: "192.0.2.1", userAgent: "other")
        #expect(try await written() == ["session_client_changed: 192.0.2.1 tests to 192.0.2.1 other"])
    }

    @Test func `the same client, and a call without one, are not reported`() async throws {
        try await use(ip: "192.0.2.1", userAgent: "tests")
        try await use()
        try await use(ip: "192.0.2.1")
        #expect(try await written() == [])
        #expect(try await stored()?.ip == "192.0.2.1")
    }

    @Test func `between two writes the first change is reported`() async throws {
        for ip in ["192.0.2.2", "192.0.2.1", "192.0.2.3", "192.0.2.2"] {
            try await use(ip: ip, userAgent: "tests")
        }
        #expect(try await written() == ["session_client_changed: 192.0.2.1 tests to 192.0.2.2 tests"])
        try await use(ip: "192.0.2.1", userAgent: "tests")
        #expect(try await written() == ["session_client_changed: 192.0.2.2 tests to 192.0.2.1 tests"])
    }

    @Test func `a flow that writes the session reports the change in its transaction`() async throws {
        let moved = world.client(ip: "192.0.2.2")
        moved.token = client.token
        let happened = try await moved.reauthenticate(goodPassword)
        #expect(
            happened.everythingSaid == [
                "authentication_step_completed: password reauthenticated",
                "session_client_changed: 192.0.2.1 tests to 192.0.2.2 tests",
            ])
        // The change was noted, too, but is stored already.
        #expect(try await written() == [])
    }

    @Test func `a session that has ended meanwhile is not reported`() async throws {
        try await use(ip: "192.0.2.2", userAgent: "tests")
        _ = try await client.logOut()
        #expect(try await written() == [])
    }

    @Test func `a failed write is repeated with its change`() async throws {
        let accounts = Accounts(
            store: RacedStore(world.store, .username), keys: world.accounts.keys,
            settings: world.accounts.settings, clock: world.clock)
        let request = SignalRequest(client: .app, ip: "192.0.2.2", userAgent: "tests")
        #expect(try await accounts.sessions.authenticate(token: client.token!, request: request) != nil)
        await #expect(throws: StoreConflict.self) { try await accounts.sessions.writeSightings() }
        #expect(try await accounts.sessions.writeSightings() == 1)
        #expect(
            try await world.everyNewSignal().map(\.text) == [
                "session_client_changed: 192.0.2.1 tests to 192.0.2.2 tests"
            ])
    }

    @Test func `a new log-in and an anonymous session are not reported`() async throws {
        let other = world.client(ip: "192.0.2.9")
        #expect(
            try await other.logIn("a@x.org").everythingSaid == [
                "authentication_step_completed: password", "user_logged_in",
            ])
        let pending = world.client(ip: "192.0.2.3")
        _ = try await pending.requestReset("a@x.org")
        let moved = world.client(ip: "192.0.2.4")
        moved.token = pending.token
        _ = try await moved.requestReset("a@x.org")
        #expect(try await written() == [])
    }
}
