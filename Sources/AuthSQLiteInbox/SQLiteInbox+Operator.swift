// SPDX-License-Identifier: Apache-2.0
public import Foundation
import GRDB
import SQLiteSupport

/// Queries for an operator.
extension SQLiteInbox {
    /// Opens a worker's existing inbox read-only.
    ///
    /// - Throws: ``InboxError`` with code ``InboxError/Code/cannotOpen`` if it does not exist.
    public static func existing(path: String) throws -> SQLiteInbox {
        let file = SQLiteFile(path, label: "AuthSQLiteInbox")
        guard file.exists else { throw InboxError(.cannotOpen, "\(path) does not exist") }
        do {
            return try SQLiteInbox(opened: file.openReadOnly(), isReadOnly: true)
        } catch let error as DatabaseError {
            throw InboxError(error, at: path)
        }
    }

    public func handlers() async throws -> [String] {
        try await database.read { db in
            // A loose index scan: skips from one name to the next without reading all marks.
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
