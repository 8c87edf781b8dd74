// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

extension SQLiteInbox {
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

    /// Registers a queue's bindings and handlers from now on, for `auth-signals outbox verify --inbox`. Registered ones
    /// that are no longer present end now.
    ///
    /// - Parameters:
    ///   - patterns: The patterns that the queue is bound with.
    ///   - queue: The name of the queue.
    ///   - time: Not before the queue was bound.
    public func register(
        _ handlers: SignalHandlers, boundTo patterns: [SignalPattern], on queue: String, at time: Date
    ) async throws {
        var wanted = patterns.map { WorkKey(kind: .binding, name: "", pattern: $0.rawValue) }
        for handler in handlers.all {
            let pattern =
                switch handler.interest {
                case .name(let name): name.rawValue
                case .pattern(let pattern): pattern.rawValue
                }
            let kind = handler.isConditional ? InboxWork.Entry.Kind.filtered : .handler
            wanted.append(WorkKey(kind: kind, name: handler.name, pattern: pattern))
        }
        if let rest = handlers.unhandled {
            wanted.append(WorkKey(kind: .rest, name: rest.name, pattern: "#"))
        }
        try await database.write { [wanted] db in
            let known = try Row.fetchAll(
                db,
                sql: "SELECT kind, name, pattern FROM auth_inbox_work WHERE queue = ? AND until IS NULL",
                arguments: [queue]
            ).compactMap(WorkKey.init(row:))
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

    /// The bindings and handlers that the workers have registered; empty for an inbox of an earlier version.
    public func work() async throws -> InboxWork {
        try await database.read { db in
            guard try db.tableExists("auth_inbox_work") else { return InboxWork(entries: []) }
            let rows = try Row.fetchAll(
                db, sql: "SELECT queue, kind, name, pattern, since, until FROM auth_inbox_work")
            return InboxWork(
                entries: rows.compactMap { row in
                    guard let key = WorkKey(row: row) else { return nil }
                    return InboxWork.Entry(
                        queue: row["queue"], kind: key.kind, name: key.name, pattern: key.pattern,
                        since: Date(milliseconds: row["since"]),
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

    private struct WorkKey: Hashable, Sendable {
        var kind: InboxWork.Entry.Kind
        var name: String
        var pattern: String

        init(kind: InboxWork.Entry.Kind, name: String, pattern: String) {
            (self.kind, self.name, self.pattern) = (kind, name, pattern)
        }

        /// Nil for an unknown kind, of a later version.
        init?(row: Row) {
            guard let kind = InboxWork.Entry.Kind(rawValue: row["kind"]) else { return nil }
            self.init(kind: kind, name: row["name"], pattern: row["pattern"])
        }
    }
}
