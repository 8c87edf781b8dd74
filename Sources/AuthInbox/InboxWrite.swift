// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB
import SQLiteSupport
import Synchronization

/// A mark to write, with the handler's writes in the same transaction.
struct InboxWrite: Sendable {
    var mark: InboxMark
    var time: Date
    /// Runs if the mark did not exist; nil: only the mark is written.
    var body: InboxBody?

    /// - Returns: Whether the mark did not exist.
    func perform(_ db: Database) throws -> Bool {
        try db.cachedStatement(
            sql: "INSERT OR IGNORE INTO auth_inbox (handler, message_id, done_at) VALUES (?, ?, ?)"
        ).execute(arguments: [mark.handler, mark.messageID, time.milliseconds])
        guard db.changesCount == 1 else { return false }
        try body?.run(SQLiteInboxTransaction(db: db))
        return true
    }
}

/// A handler's closure that runs in the transaction. It holds a non-escaping closure, which must be released before its
/// caller continues.
final class InboxBody: Sendable {
    typealias Body = @Sendable (any InboxTransaction) throws -> Void
    private let body: Mutex<Body?>

    init(_ body: @escaping Body) { self.body = Mutex(body) }

    func run(_ transaction: any InboxTransaction) throws { try body.withLock { $0 }?(transaction) }

    func release() { body.withLock { $0 = nil } }
}

/// A mark: the handler has handled the message.
struct InboxMark: Hashable, Sendable {
    var handler: String
    var messageID: UUID

    func exists(_ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db.cachedStatement(
                sql: "SELECT EXISTS (SELECT 1 FROM auth_inbox WHERE handler = ? AND message_id = ?)"),
            arguments: [handler, messageID]) ?? false
    }
}

extension DatabaseWriter {
    /// Performs the writes in one transaction, each in its own savepoint: if a body throws, only its write is rolled
    /// back; if the commit fails, all writes fail.
    ///
    /// - Throws: If nothing was committed.
    func commit(_ writes: [InboxWrite]) async throws -> [Result<Bool, any Error>] {
        try await write { db in
            if writes.count == 1 { return [.success(try writes[0].perform(db))] }
            return try writes.map { write in
                guard write.body != nil else { return .success(try write.perform(db)) }
                do {
                    var isFirst = false
                    try db.inSavepoint {
                        isFirst = try write.perform(db)
                        return .commit
                    }
                    return .success(isFirst)
                } catch {
                    // Some errors, for example a full disk, have rolled back the whole transaction.
                    if !db.isInsideTransaction { throw error }
                    return .failure(error)
                }
            }
        }
    }
}
