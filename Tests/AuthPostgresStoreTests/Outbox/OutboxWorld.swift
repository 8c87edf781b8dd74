// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Testing

extension Trait where Self == ConditionTrait {
    /// Skips where no PostgreSQL is installed.
    static var needsPostgres: Self {
        .enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence))
    }
}

/// A migrated store in a schema of its own, and further stores on it, as other processes open them.
final class OutboxWorld: Sendable {
    let schema: PrivateSchema
    let store: PostgresStore
    private let clock: any WallClock
    private let retention: Duration
    private let pools: Locked<[PostgresPool]>

    /// Runs a test, and closes all its connections.
    ///
    /// - Parameters:
    ///   - server: nil for the one that all tests share.
    ///   - parameters: more parameters of the URL, each with `&` before it.
    static func run(
        on server: PrivatePostgres? = nil, parameters: String = "", clock: any WallClock = .system,
        retention: Duration = .seconds(604_800), _ test: (OutboxWorld) async throws -> Void
    ) async throws {
        let schema =
            if let server { try await server.schema() } else { try await PrivatePostgres.shared.schema() }
        let world = try OutboxWorld(schema, parameters: parameters, clock: clock, retention: retention)
        do {
            try await world.store.migrate()
            try await test(world)
        } catch {
            await world.close()
            throw error
        }
        await world.close()
    }

    private init(
        _ schema: PrivateSchema, parameters: String, clock: any WallClock, retention: Duration
    ) throws {
        self.schema = schema
        self.clock = clock
        self.retention = retention
        let pool = try Self.pool(schema.url + parameters)
        pools = Locked([pool])
        store = try PostgresStore(
            pool: pool, keys: .test, codec: .test, retention: retention, clock: clock,
            logger: .silent)
    }

    /// Another store on the same tables.
    func another() throws -> PostgresStore {
        try PostgresStore(
            pool: try pool(), keys: .test, codec: .test, retention: retention, clock: clock,
            logger: .silent)
    }

    /// Connections beside the stores'.
    func pool() throws -> PostgresPool {
        let pool = try Self.pool(schema.url)
        pools.change { $0.append(pool) }
        return pool
    }

    func close() async {
        for pool in pools.value { await pool.close() }
    }

    /// A number that SQL returns.
    func number(_ sql: String) async throws -> Int64 {
        let text = try await schema.psql(sql)
        return try #require(Int64(text.split(separator: "\n").last ?? ""))
    }

    /// Commits that many signals without a number, faster than by flows.
    func insertUnnumbered(_ count: Int) async throws {
        try await schema.psql(
            """
            INSERT INTO auth_outbox (message_id, name, schema_version, time, correlation_id, data)
            SELECT gen_random_uuid(), 'testing.happened', 1, 0, gen_random_uuid(), '{}'
            FROM generate_series(1, \(count))
            """)
    }

    private static func pool(_ url: String) throws -> PostgresPool {
        PostgresPool(try PostgresURL(parsing: url), connections: 4, logger: .silent)
    }
}

extension PostgresStore {
    /// Emits one signal in its own transaction.
    func emit(_ number: Int = 1, of subject: String? = nil) async throws {
        try await transaction { (transaction: PostgresTransaction) in
            try transaction.emit(TestSignal(number: number, subject: subject))
        }
    }

    /// All pending rows, read as a relay reads them.
    func pending() async throws -> [OutboxRow] {
        try await rows(after: 0, limit: 50_000, now: .distantFuture).rows
    }

    func settle(_ result: OutboxSettlement.Result, _ sequences: [Int64]) async throws {
        try await settle(
            sequences.map { OutboxSettlement(sequence: $0, result: result, at: clock.now()) })
    }
}

extension OutboxRow {
    /// The number of a `TestSignal`.
    var testNumber: Int? {
        try? SignalCodec.event(from: SignalCodec.test.message(for: self).body).decode(TestSignal.self)
            .number
    }
}

/// A transaction on a connection of its own that stays open until ``end()``.
final class OpenTransaction: Sendable {
    private let gate = DispatchSemaphore(value: 0)
    private let task: Task<Void, any Error>

    /// Returns when `body` has run in the transaction, which then waits.
    init(
        on pool: PostgresPool, isolation: PostgresIsolation = .readCommitted,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Void
    ) async throws {
        let (gate, hasBegun) = (gate, Locked(false))
        task = Task {
            try await pool.transaction(isolation: isolation) { connection in
                try body(connection)
                try connection.flush()
                hasBegun.change { $0 = true }
                // On the connection's own thread.
                _ = gate.wait(timeout: .now() + 60)
            }
        }
        try await eventually("the transaction is open") { hasBegun.value }
    }

    /// A test that fails must not leave a blocked thread.
    deinit { gate.signal() }

    /// Commits.
    func end() async throws {
        gate.signal()
        try await task.value
    }
}

extension Logger {
    static let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}
