// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthPostgresInbox
import AuthSignals
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Synchronization
import Testing

/// An empty schema of the shared server, with pools that end with the test.
final class InboxDatabase: Sendable {
    let schema: PrivateSchema
    private let pools = Mutex<[PostgresPool]>([])

    private init(_ schema: PrivateSchema) { self.schema = schema }

    /// Runs `body` with a new schema, in which a table `thing` exists.
    static func with<R>(_ body: (InboxDatabase) async throws -> R) async throws -> R {
        let schema = try await PrivatePostgres.shared.schema()
        try await schema.psql("CREATE TABLE thing (name text); ALTER TABLE thing OWNER TO auth")
        let database = InboxDatabase(schema)
        let result: Result<R, any Error>
        do { result = .success(try await body(database)) } catch { result = .failure(error) }
        for pool in database.pools.withLock({ $0 }) { await pool.close() }
        try await schema.drop()
        return try result.get()
    }

    /// A pool, as a worker of another host has it.
    func pool() throws -> PostgresPool {
        let pool = PostgresPool(
            try PostgresURL(parsing: schema.url), connections: 4,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        pools.withLock { $0.append(pool) }
        return pool
    }

    /// An inbox with a pool of its own.
    func inbox() throws -> PostgresInbox { PostgresInbox(pool: try pool()) }

    /// Runs SQL as the superuser.
    @discardableResult
    func psql(_ sql: String) async throws -> String {
        try await schema.psql(sql).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    /// The number of rows of `thing`.
    func things() async throws -> Int { try #require(Int(try await psql("SELECT count(*) FROM thing"))) }

    /// The number of backends that wait for a lock of one.
    func waiting(for backend: Int64) async throws -> Int {
        try #require(
            Int(
                try await psql(
                    "SELECT count(*) FROM pg_stat_activity WHERE \(backend) = ANY (pg_blocking_pids(pid))")))
    }

    /// Writes a row in the transaction of a mark.
    static func write(_ transaction: any InboxTransaction) throws {
        let connection = try #require(transaction as? PostgresInboxTransaction).connection
        try connection.query("INSERT INTO thing VALUES ('a thing')")
    }

    func subject(_ inbox: PostgresInbox) -> InboxConformance.Subject {
        InboxConformance.Subject(inbox, write: { try Self.write($0) }, written: { try await self.things() })
    }
}
