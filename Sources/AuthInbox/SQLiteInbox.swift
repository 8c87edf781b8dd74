// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
public import GRDB

/// An inbox in a SQLite file, which the workers of one host may share.
///
/// ```swift
/// let inbox = try SQLiteInbox(path: "/var/lib/worker/inbox.sqlite")
/// ```
///
/// What handlers ask and mark at the same time is asked and committed together: with one sync of the disk for all
/// of them, and a commit that fails is the failure of each.
public final class SQLiteInbox: Inbox {
    let database: any DatabaseWriter
    private let questions: InboxGathering<InboxMark, Bool>
    let writes: InboxGathering<InboxWrite, Bool>

    /// How many marks one transaction writes at most: others wait for the write lock meanwhile.
    private static let largestBatch = 256

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
    /// tables and its mark are one transaction. Makes the tables `auth_inbox`, `auth_inbox_begun` and
    /// `auth_inbox_work` if they do not exist.
    ///
    /// Whether a committed mark survives a power cut is for the pool's own settings to say, and so is whether
    /// another process's transaction is waited for: workers that share the file need a `busyMode` of some
    /// seconds, where GRDB's own is to fail at once.
    ///
    /// - Throws: ``InboxError``
    public convenience init(pool: DatabasePool) throws { try self.init(opened: pool) }

    init(opened database: any DatabaseWriter, isReadOnly: Bool = false) throws {
        self.database = database
        questions = InboxGathering(largest: Self.largestBatch) { marks in
            do {
                return try await database.read { db in try marks.map { .success(try $0.isThere(db)) } }
            } catch {
                return marks.map { _ in .failure(error) }
            }
        }
        writes = InboxGathering(largest: Self.largestBatch) { writes in
            do {
                return try await database.commit(writes)
            } catch  where writes.count > 1 {
                // One of them may be what the commit failed for: the others are not to suffer for it.
                return await Self.commitEach(writes, database)
            } catch {
                return [.failure(error)]
            }
        }
        if isReadOnly { return }
        do {
            try database.write { try Self.createTable($0) }
        } catch let error as DatabaseError {
            throw InboxError(error, at: database.path)
        }
    }

    /// Makes the tables, where an application's own migrator is to do it.
    public static func createTable(_ db: Database) throws {
        try createBegunTable(db)
        try createWorkTable(db)
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
        try await questions(InboxMark(handler: handler, messageID: messageID))
    }

    public func markDone(handler: String, messageID: UUID, at time: Date) async throws {
        _ = try await writes(InboxWrite(mark: InboxMark(handler: handler, messageID: messageID), time: time))
    }

    /// - Parameter body: where a commit of several failed it runs again, in a transaction of its own; nothing it
    ///   wrote before is left then.
    public func once(
        handler: String, messageID: UUID, at time: Date,
        _ body: @Sendable (any InboxTransaction) throws -> Void
    ) async throws -> Bool {
        try await withoutActuallyEscaping(body) { body in
            let body = InboxBody(body)
            defer { body.letGo() }
            return try await writes(
                InboxWrite(mark: InboxMark(handler: handler, messageID: messageID), time: time, body: body))
        }
    }

    private static func commitEach(
        _ writes: [InboxWrite], _ database: any DatabaseWriter
    ) async -> [Result<Bool, any Error>] {
        var results: [Result<Bool, any Error>] = []
        for write in writes {
            do { results += try await database.commit([write]) } catch { results.append(.failure(error)) }
        }
        return results
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
        try await database.write { db in
            try Self.pruneBegun(before: time, db)
            try Self.pruneWork(before: time, db)
        }
        return count
    }

    private static let pruneBatch = 1000
}
