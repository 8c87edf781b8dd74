// SPDX-License-Identifier: Apache-2.0
package import AuthInbox
package import Foundation
import GRDB

/// What the trials' handler does: a row in the database of its inbox, without anything that would keep it from
/// being written twice.
package final class TrialEffects: Sendable {
    package let inbox: SQLiteInbox
    private let pool: DatabasePool

    /// Opens the database at the path, which the workers of a trial share.
    package init(_ path: String) throws {
        var configuration = Configuration()
        configuration.busyMode = .timeout(10)
        pool = try DatabasePool(path: path, configuration: configuration)
        try pool.write { database in
            try database.execute(
                sql: """
                    CREATE TABLE IF NOT EXISTS trial_effect
                        (place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL)
                    """)
        }
        inbox = try SQLiteInbox(pool: pool)
    }

    /// Writes one, in the transaction that a handler was given.
    static func write(_ id: UUID, _ database: Database) throws {
        try database.execute(sql: "INSERT INTO trial_effect (id) VALUES (?)", arguments: [id.uuidString])
    }

    /// All of them, in the order of their commits.
    package func all() async throws -> [UUID] {
        try await pool.read { database in
            try String.fetchAll(database, sql: "SELECT id FROM trial_effect ORDER BY place")
        }.compactMap { UUID(uuidString: $0) }
    }

    /// How many messages have had one.
    package func count() async throws -> Int {
        try await pool.read { database in
            try Int.fetchOne(database, sql: "SELECT count(DISTINCT id) FROM trial_effect") ?? 0
        }
    }
}
