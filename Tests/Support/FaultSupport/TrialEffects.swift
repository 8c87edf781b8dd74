// SPDX-License-Identifier: Apache-2.0
package import AuthInbox
package import Foundation
import GRDB

/// The effects of the trials' handler: rows in the inbox's database, without a constraint that would prevent
/// duplicates.
package final class TrialEffects: Sendable {
    package let inbox: SQLiteInbox
    private let pool: DatabasePool

    /// Opens the database that the workers of a trial share.
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

    /// Writes one effect in the handler's transaction.
    static func write(_ id: UUID, _ database: Database) throws {
        try database.execute(sql: "INSERT INTO trial_effect (id) VALUES (?)", arguments: [id.uuidString])
    }

    /// The ids of all effects, in commit order.
    package func all() async throws -> [UUID] {
        try await pool.read { database in
            try String.fetchAll(database, sql: "SELECT id FROM trial_effect ORDER BY place")
        }.compactMap { UUID(uuidString: $0) }
    }

    /// The number of messages with an effect.
    package func count() async throws -> Int {
        try await pool.read { database in
            try Int.fetchOne(database, sql: "SELECT count(DISTINCT id) FROM trial_effect") ?? 0
        }
    }
}
