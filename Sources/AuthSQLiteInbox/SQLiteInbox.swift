// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
public import GRDB
import SQLiteSupport
import Synchronization

/// An inbox in a SQLite file, which the workers of one host can share.
///
/// ```swift
/// let inbox = try SQLiteInbox(path: "/var/lib/worker/inbox.sqlite")
/// ```
///
/// Concurrent requests of handlers are batched and committed together, with one disk sync for all of them; if the
/// commit fails, each is retried in its own transaction.
public final class SQLiteInbox: Inbox {
    let database: any DatabaseWriter
    private let reads: GroupCommit<InboxMark, Bool>
    let writes: GroupCommit<InboxWrite, Bool>
    /// The submitted marks that are not committed yet, and how often each was submitted.
    private let submitted = Mutex<[InboxMark: Int]>([:])

    /// The maximum number of marks that one transaction writes: other writers wait for the lock meanwhile.
    private static let largestBatch = 256

    /// Opens the file, or creates it if it does not exist; its folder must exist. Only the file's owner can access it
    /// (mode 0600).
    ///
    /// The journal is a write-ahead log, and a committed mark survives a power loss (`synchronous=FULL`). A write lock
    /// of another process is waited for up to 5 seconds.
    ///
    /// - Throws: ``InboxError``
    public convenience init(path: String) throws {
        try self.init(opened: Self.open(path))
    }

    /// Keeps the marks in the application's own database, so that a handler's writes to the application's tables and
    /// its mark are one transaction. Creates the tables `auth_inbox`, `auth_inbox_begun` and `auth_inbox_work` if they
    /// do not exist.
    ///
    /// The pool's settings decide whether a committed mark survives a power loss, and whether a lock of another process
    /// is waited for: workers that share the file need a `busyMode` of some seconds; GRDB's default is to fail
    /// immediately.
    ///
    /// - Throws: ``InboxError``
    public convenience init(pool: DatabasePool) throws { try self.init(opened: pool) }

    init(opened database: any DatabaseWriter, isReadOnly: Bool = false) throws {
        self.database = database
        reads = GroupCommit(largest: Self.largestBatch, gathers: true) { marks in
            do {
                return try await database.read { db in
                    let lookUp = try InboxMark.lookUp(db)
                    return try marks.map { .success(try $0.exists(lookUp)) }
                }
            } catch {
                return marks.map { _ in .failure(error) }
            }
        }
        writes = GroupCommit(largest: Self.largestBatch, gathers: true) { await database.commit($0) }
        if isReadOnly { return }
        do {
            try database.write { try Self.createTable($0) }
        } catch let error as DatabaseError {
            throw InboxError(error, at: database.path)
        }
    }

    /// Creates the tables, for an application's own migrator.
    public static func createTable(_ db: Database) throws {
        try createBegunTable(db)
        try createWorkTable(db)
        // WITHOUT ROWID: the primary key's index is the table, so that a mark writes one page.
        try db.execute(
            sql: """
                CREATE TABLE IF NOT EXISTS auth_inbox (
                    handler TEXT NOT NULL,
                    message_id BLOB NOT NULL,
                    done_at INTEGER NOT NULL,
                    PRIMARY KEY (handler, message_id)
                ) WITHOUT ROWID
                """)
        // For pruning: without it, every batch reads all marks, while handlers wait for the write lock. Marks are written
        // in the order of their times, so that successive ones share a page of the index. A file of an earlier version
        // gets it when a worker opens it.
        try db.execute(sql: "CREATE INDEX IF NOT EXISTS auth_inbox_done ON auth_inbox (done_at)")
    }

    public func isDone(handler: String, messageID: UUID) async throws -> Bool {
        let mark = InboxMark(handler: handler, messageID: messageID)
        if submitted.withLock({ $0[mark] != nil }) {
            // Performed after the submitted mark, and answered after its commit.
            return try await !writes(InboxWrite(mark: mark, time: nil))
        }
        return try await reads(mark)
    }

    public func markDone(handler: String, messageID: UUID, at time: Date) async throws {
        _ = try await writes(InboxWrite(mark: InboxMark(handler: handler, messageID: messageID), time: time))
    }

    /// - Parameters:
    ///   - handler: The name of the handler.
    ///   - messageID: The id of the message.
    ///   - time: The current time.
    ///   - body: If the commit of a batch failed, it runs again, in a separate transaction; its earlier writes were
    ///     rolled back.
    public func once(
        handler: String, messageID: UUID, at time: Date,
        _ body: @Sendable (any InboxTransaction) throws -> Void
    ) async throws -> Bool {
        try await withoutActuallyEscaping(body) { body in
            let body = InboxBody(body)
            defer { body.release() }
            return try await writes(
                InboxWrite(mark: InboxMark(handler: handler, messageID: messageID), time: time, body: body))
        }
    }

    public func prune(before time: Date) async throws -> Int {
        var count = 0
        var batch = Self.pruneBatch
        while batch == Self.pruneBatch {
            // Small transactions, since handlers wait for the write lock meanwhile.
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
        try await database.write { db in
            try Self.pruneBegun(before: time, db)
            try Self.pruneWork(before: time, db)
        }
        return count
    }

    private static let pruneBatch = 1000
}

extension SQLiteInbox: MarkSubmitting {
    package func submitMark(
        handler: String, messageID: UUID, at time: Date,
        _ completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        let mark = InboxMark(handler: handler, messageID: messageID)
        submitted.withLock { $0[mark, default: 0] += 1 }
        writes.submit(InboxWrite(mark: mark, time: time)) { [self] result in
            submitted.withLock { marks in
                let others = (marks[mark] ?? 1) - 1
                marks[mark] = others > 0 ? others : nil
            }
            switch result {
            case .success: completion(nil)
            case .failure(let error): completion(error)
            }
        }
    }
}
