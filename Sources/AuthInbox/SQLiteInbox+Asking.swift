// SPDX-License-Identifier: Apache-2.0
public import Foundation
import GRDB

/// What an operator asks.
extension SQLiteInbox {
    /// Opens a worker's inbox that is there already, in order to ask it.
    ///
    /// - Throws: ``InboxError`` with code ``InboxError/Code/cannotOpen`` where there is none.
    public static func existing(path: String) throws -> SQLiteInbox {
        guard FileManager.default.fileExists(atPath: path) else {
            throw InboxError(.cannotOpen, "there is no inbox \(path)")
        }
        return try SQLiteInbox(path: path)
    }

    /// The names of the handlers that have marked anything.
    public func handlers() async throws -> [String] {
        try await database.read { db in
            // From one name to the next, without walking over their marks.
            try String.fetchAll(
                db,
                sql: """
                    WITH RECURSIVE name(handler) AS (
                        SELECT min(handler) FROM auth_inbox
                        UNION ALL
                        SELECT (SELECT min(handler) FROM auth_inbox WHERE handler > name.handler) FROM name
                        WHERE name.handler IS NOT NULL
                    ) SELECT handler FROM name WHERE handler IS NOT NULL
                    """)
        }
    }

    /// Those of the ids that none of the handlers has marked, in the given order.
    public func unseen(of ids: [UUID], by handlers: [String]) async throws -> [UUID] {
        try await database.read { db in
            let statement = try db.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM auth_inbox WHERE handler = ? AND message_id = ?)")
            return try ids.filter { id in
                try !handlers.contains { handler in
                    try Bool.fetchOne(statement, arguments: [handler, id]) ?? false
                }
            }
        }
    }
}
