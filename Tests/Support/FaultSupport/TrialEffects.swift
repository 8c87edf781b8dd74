// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthPostgresInbox
import AuthSQLiteInbox
package import AuthSignals
package import Foundation
import GRDB
package import Logging

/// The effects of the trials' handler: rows in the inbox's database, without a constraint that would prevent
/// duplicates.
package final class TrialEffects: Sendable {
    private enum Place {
        case sqlite(DatabasePool, SQLiteInbox)
        case postgres(PostgresPool, PostgresInbox)
    }

    private let place: Place

    /// Opens the database that the workers of a trial share.
    ///
    /// - Parameter url: `sqlite:PATH` or `postgres://…`.
    package static func open(_ url: String, logger: Logger) async throws -> TrialEffects {
        let scheme = "sqlite:"
        if url.hasPrefix(scheme) { return try TrialEffects(file: String(url.dropFirst(scheme.count))) }
        let pool = PostgresPool(try PostgresURL(parsing: url), logger: logger)
        let inbox = PostgresInbox(pool: pool)
        try await inbox.migrate()
        try await pool.run { connection in _ = try connection.query(.createEffects) }
        return TrialEffects(.postgres(pool, inbox))
    }

    private init(_ place: Place) { self.place = place }

    private convenience init(file path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        let pool = try DatabasePool(path: path, configuration: configuration)
        try pool.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS trial_effect
                        (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL)
                    """)
        }
        self.init(.sqlite(pool, try SQLiteInbox(pool: pool)))
    }

    package var inbox: any Inbox {
        switch place {
        case .sqlite(_, let inbox): inbox
        case .postgres(_, let inbox): inbox
        }
    }

    /// Adds the handler, which writes one effect in the transaction of its mark.
    func addHandler(to handlers: inout SignalHandlers) {
        switch place {
        case .sqlite:
            handlers.once(TrialHappened.self, as: "effect") {
                (_: TrialHappened, context: SignalContext, database: Database) in
                try database.execute(
                    sql: "INSERT INTO trial_effect (id) VALUES (?)", arguments: [context.id.uuidString])
            }
        case .postgres:
            // Every signal, since servers emit signals in some of these trials.
            handlers.once(matching: "#", as: "effect") {
                (_: SignalEvent, context: SignalContext, connection: PostgresConnection) in
                _ = try connection.query(.insertEffect, [.uuid(context.id)])
            }
        }
    }

    /// The ids of all effects, in commit order. In PostgreSQL this holds for two of which one began after the other had
    /// ended.
    package func all() async throws -> [UUID] {
        switch place {
        case .sqlite(let pool, _):
            try await pool.read { database in
                try String.fetchAll(database, sql: "SELECT id FROM trial_effect ORDER BY place")
            }.compactMap { UUID(uuidString: $0) }
        case .postgres(let pool, _):
            try await pool.run { connection in
                try connection.query(.allEffects).map { try $0.uuid(0) }
            }
        }
    }

    /// The number of messages with an effect.
    package func count() async throws -> Int {
        switch place {
        case .sqlite(let pool, _):
            try await pool.read { database in
                try Int.fetchOne(database, sql: "SELECT count(DISTINCT id) FROM trial_effect") ?? 0
            }
        case .postgres(let pool, _):
            try await pool.run { connection in
                Int(try connection.query(.countEffects).first?.int(0) ?? 0)
            }
        }
    }

    /// Closes the connections to PostgreSQL.
    package func closeConnections() async {
        if case .postgres(let pool, _) = place { await pool.close() }
    }
}

extension PostgresStatement {
    fileprivate static let createEffects: PostgresStatement = """
        CREATE TABLE IF NOT EXISTS trial_effect
            (place bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id uuid NOT NULL)
        """
    fileprivate static let insertEffect: PostgresStatement = "INSERT INTO trial_effect (id) VALUES ($1)"
    fileprivate static let allEffects: PostgresStatement = "SELECT id FROM trial_effect ORDER BY place"
    fileprivate static let countEffects: PostgresStatement = "SELECT count(DISTINCT id) FROM trial_effect"
}
