// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB
import SQLiteSupport

/// A mark to write, with the handler's writes in the same transaction; or a look-up in the order of the writes.
struct InboxWrite: SharedWrite {
    var mark: InboxMark
    /// Nil: the mark is only looked up.
    var time: Date?
    /// Runs if the mark did not exist; nil: only the mark is written.
    var body: InboxBody?

    /// A mark alone is one statement, which changes nothing if it fails.
    var needsSavepoint: Bool { body != nil }

    /// - Returns: Whether the mark did not exist.
    func perform(_ db: Database) throws -> Bool {
        guard let time else {
            // By GRDB, which must learn that a failed statement has rolled back the transaction.
            let lookUp = try db.cachedStatement(sql: InboxMark.lookUpSQL)
            return try Bool.fetchOne(lookUp, arguments: [mark.handler, mark.messageID]) != true
        }
        let insertion = try DirectStatement(
            db, sql: "INSERT OR IGNORE INTO auth_inbox (handler, message_id, done_at) VALUES (?, ?, ?)")
        try mark.bind(to: insertion)
        try insertion.bind(time.milliseconds, at: 3)
        try insertion.execute()
        guard db.changesCount == 1 else { return false }
        try body?.run(SQLiteInboxTransaction(db: db))
        return true
    }
}

extension InboxMark {
    static let lookUpSQL = "SELECT EXISTS (SELECT 1 FROM auth_inbox WHERE handler = ? AND message_id = ?)"

    /// The statement that looks up a mark, outside of a write transaction.
    static func lookUp(_ db: Database) throws -> DirectStatement {
        try DirectStatement(db, sql: lookUpSQL)
    }

    func exists(_ lookUp: DirectStatement) throws -> Bool {
        try bind(to: lookUp)
        return try lookUp.isTrue()
    }

    /// Binds the first two parameters.
    fileprivate func bind(to statement: DirectStatement) throws {
        try statement.bind(handler, at: 1)
        try statement.bind(messageID, at: 2)
    }
}
