// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
public import GRDB

/// An inbox in a SQLite file, which the workers of one host may share.
///
/// ```swift
/// let inbox = try SQLiteInbox(path: "/var/lib/worker/inbox.sqlite")
/// ```
public final class SQLiteInbox: Inbox {
    let database: any DatabaseWriter

    /// Opens the file, which is made with mode 0600 where there is none; its folder must exist.
    ///
    /// The journal is a write-ahead log, and a mark that was committed survives a power cut
    /// (`synchronous=FULL`). Another process's write is waited for 5 seconds.
    ///
    /// - Throws: ``InboxError``
    public convenience init(path: String) throws {
        try self.init(opened: Self.open(path))
    }

    /// Keeps the marks in the application's own database, so that a handler's writes to the application's
    /// tables and its mark are one transaction. Makes the table `auth_inbox` where there is none.
    ///
    /// Whether a committed mark survives a power cut is for the pool's own settings to say.
    ///
    /// - Throws: ``InboxError``
    public convenience init(pool: DatabasePool) throws { try self.init(opened: pool) }

    private init(opened database: any DatabaseWriter) throws {
        self.database = database
        do {
            try database.write { try Self.createTable($0) }
        } catch let error as DatabaseError {
            throw InboxError(error, at: database.path)
        }
    }

    /// Makes the table, where an application's own migrator is to do it.
    public static func createTable(_ db: Database) throws {
        // The clustered key is the table: a mark costs one page.
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS auth_inbox (
                    handler TEXT NOT NULL,
                    message_id BLOB NOT NULL,
                    done_at INTEGER NOT NULL,
                    PRIMARY KEY (handler, message_id)
                ) WITHOUT ROWID
                """)
    }

    public func isDone(handler: String, messageID: UUID) async throws -> Bool {
        try await database.read { db in
            try Bool.fetchOne(
                db.cachedStatement(
                    sql: "SELECT EXISTS (SELECT 1 FROM auth_inbox WHERE handler = ? AND message_id = ?)"),
                arguments: [handler, messageID]) ?? false
        }
    }

    public func markDone(handler: String, messageID: UUID, at time: Date) async throws {
        _ = try await database.write { try Self.mark($0, handler, messageID, time) }
    }

    public func once(
        handler: String, messageID: UUID, at time: Date,
        _ body: @Sendable (any InboxTransaction) throws -> Void
    ) async throws -> Bool {
        try await withoutActuallyEscaping(body) { body in
            try await database.write { db in
                guard try Self.mark(db, handler, messageID, time) else { return false }
                try body(SQLiteInboxTransaction(db: db))
                return true
            }
        }
    }

    public func prune(before time: Date) async throws -> Int {
        var count = 0
        var batch = Self.pruneBatch
        while batch == Self.pruneBatch {
            // Small transactions: handlers wait for the write lock meanwhile.
            batch = try await database.write { db in
                try db.execute(
                    sql: """
                        DELETE FROM auth_inbox WHERE (handler, message_id) IN
                            (SELECT handler, message_id FROM auth_inbox WHERE done_at < ? LIMIT ?)
                        """, arguments: [time.milliseconds, Self.pruneBatch])
                return db.changesCount
            }
            count += batch
            try Task.checkCancellation()
        }
        return count
    }

    private static let pruneBatch = 1000

    /// - Returns: whether it was not marked before.
    private static func mark(_ db: Database, _ handler: String, _ messageID: UUID, _ time: Date) throws
        -> Bool
    {
        try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO auth_inbox (handler, message_id, done_at) VALUES (?, ?, ?)"
        ).execute(arguments: [handler, messageID, time.milliseconds])
        return db.changesCount == 1
    }
}

extension Date {
    fileprivate var milliseconds: Int64 { Int64((timeIntervalSince1970 * 1000).rounded()) }
}
