// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// The redelivered messages that handlers have started to handle.
extension SQLiteInbox {
    static func createBegunTable(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS auth_inbox_begun (
                    message_id BLOB NOT NULL,
                    handler TEXT NOT NULL,
                    begun_at INTEGER NOT NULL,
                    PRIMARY KEY (message_id, handler)
                ) WITHOUT ROWID
                """)
    }

    public func noteBegun(handler: String, messageID: UUID, at time: Date) async throws {
        try await database.write { db in
            try db.cachedStatement(
                sql:
                    "INSERT OR REPLACE INTO auth_inbox_begun (message_id, handler, begun_at) VALUES (?, ?, ?)"
            ).execute(arguments: [messageID, handler, time.milliseconds])
        }
    }

    public func begun(messageID: UUID) async throws -> [String]? {
        try await database.read { db in
            try String.fetchAll(
                db, sql: "SELECT handler FROM auth_inbox_begun WHERE message_id = ? ORDER BY handler",
                arguments: [messageID])
        }
    }

    static func pruneBegun(before time: Date, _ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM auth_inbox_begun WHERE begun_at < ?", arguments: [time.milliseconds])
    }
}
