// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

extension SQLiteInbox: OperatedInbox {
    static func createWorkTable(_ db: Database) throws {
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS auth_inbox_work (
                    queue TEXT NOT NULL,
                    kind TEXT NOT NULL,
                    name TEXT NOT NULL,
                    pattern TEXT NOT NULL,
                    since INTEGER NOT NULL,
                    until INTEGER,
                    PRIMARY KEY (queue, kind, name, pattern, since)
                ) WITHOUT ROWID
                """)
    }

    public func register(
        _ handlers: SignalHandlers, boundTo patterns: [SignalPattern], on queue: String, at time: Date
    ) async throws {
        let wanted = InboxWork.keys(of: handlers, boundTo: patterns)
        try await database.write { db in
            let known = try Row.fetchAll(
                db,
                sql: "SELECT kind, name, pattern FROM auth_inbox_work WHERE queue = ? AND until IS NULL",
                arguments: [queue]
            ).compactMap(InboxWork.Key.init(row:))
            for key in known where !wanted.contains(key) {
                try db.execute(
                    sql: """
                        UPDATE auth_inbox_work SET until = ?
                        WHERE queue = ? AND kind = ? AND name = ? AND pattern = ? AND until IS NULL
                        """,
                    arguments: [time.milliseconds, queue, key.kind.rawValue, key.name, key.pattern])
            }
            for key in wanted where !known.contains(key) {
                try db.execute(
                    sql: "INSERT OR REPLACE INTO auth_inbox_work VALUES (?, ?, ?, ?, ?, NULL)",
                    arguments: [queue, key.kind.rawValue, key.name, key.pattern, time.milliseconds])
            }
        }
    }

    public func work() async throws -> InboxWork {
        try await database.read { db in
            guard try db.tableExists("auth_inbox_work") else { return InboxWork(entries: []) }
            let rows = try Row.fetchAll(
                db, sql: "SELECT queue, kind, name, pattern, since, until FROM auth_inbox_work")
            return InboxWork(
                entries: rows.compactMap { row in
                    guard let key = InboxWork.Key(row: row) else { return nil }
                    return InboxWork.Entry(
                        queue: row["queue"], key: key, since: Date(milliseconds: row["since"]),
                        until: (row["until"] as Int64?).map(Date.init(milliseconds:)))
                })
        }
    }

    /// Shortens the registered periods to after `time`, since earlier marks were deleted.
    static func pruneWork(before time: Date, _ db: Database) throws {
        try db.execute(
            sql: "DELETE FROM auth_inbox_work WHERE until < ?", arguments: [time.milliseconds])
        try db.execute(
            sql: "UPDATE OR REPLACE auth_inbox_work SET since = ? WHERE since < ?",
            arguments: [time.milliseconds, time.milliseconds])
    }
}

extension InboxWork.Key {
    fileprivate init?(row: Row) {
        self.init(kind: row["kind"], name: row["name"], pattern: row["pattern"])
    }
}
