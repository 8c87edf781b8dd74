// SPDX-License-Identifier: Apache-2.0
import AuthStore
import AuthSignals
import Foundation
import GRDB
import Synchronization

/// Observes the commits of this process: passes committed signals to receivers, wakes waiting loops, and refuses a
/// commit to a file that was deleted or replaced.
///
/// GRDB reports a row only if the savepoint it was written in is kept: rows that an application rolls back within its
/// transaction are not reported.
final class CommitObserver: TransactionObserver, Sendable {
    private struct Transaction {
        var emitted: [Int64: OutboxRow] = [:]
        var inserted: [Int64] = []
        var last: Int64 = 0
        /// Whether the store has begun it, and not the application.
        var isOwn = false
        var outbox = false
        var mail = false
    }

    private let current = Mutex(Transaction())
    private let commits = Atomic(0)
    private let receivers: InProcessReceivers
    private let wakeUps: StoreWakeUps
    private let watch: StoreFileWatch?
    private let unattendedMails: UnattendedMails

    init(
        receivers: InProcessReceivers, wakeUps: StoreWakeUps, watch: StoreFileWatch?,
        unattendedMails: UnattendedMails
    ) {
        self.unattendedMails = unattendedMails
        self.watch = watch
        self.receivers = receivers
        self.wakeUps = wakeUps
    }

    /// The number of commits of the writing connection.
    var count: Int { commits.load(ordering: .relaxed) }

    /// Discards what was recorded of a transaction that SQLite has rolled back itself because a statement failed, for
    /// example with a full disk: GRDB does not report that. Called before each transaction that the store begins.
    func transactionWillBegin() { current.withLock { $0 = Transaction(isOwn: true) } }

    /// Called after the last of the transactions that the store has begun, for the same reason.
    func transactionsDidEnd() { current.withLock { $0 = Transaction() } }

    /// Records a row that was written in the open transaction.
    func emitted(_ row: OutboxRow) {
        if receivers.isEmpty { return }
        current.withLock { transaction in
            if row.sequence <= transaction.last {
                // A number is assigned again only if the rows with this and with higher numbers were rolled back.
                let isReported = transaction.inserted.last == row.sequence
                transaction.inserted.removeAll { $0 >= row.sequence }
                if isReported { transaction.inserted.append(row.sequence) }
                transaction.emitted = transaction.emitted.filter { $0.key < row.sequence }
            }
            transaction.last = row.sequence
            transaction.emitted[row.sequence] = row
        }
    }

    func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool {
        switch eventKind {
        case .insert(let table): table == "auth_outbox" || table == "auth_mail"
        case .update, .delete: false
        }
    }

    func databaseDidChange(with event: DatabaseEvent) {
        let (table, row) = (event.tableName, event.rowID)
        current.withLock { transaction in
            if table == "auth_mail" {
                transaction.mail = true
            } else {
                transaction.outbox = true
                transaction.inserted.append(row)
            }
        }
    }

    /// Calls `stat(2)` once: about a microsecond, negligible compared with the commit's wait for the disk.
    func databaseWillCommit() throws { try watch?.check() }

    func databaseDidCommit(_ database: Database) {
        commits.add(1, ordering: .relaxed)
        let done = current.withLock { transaction in
            defer { transaction = Transaction() }
            return transaction
        }
        var rows = done.inserted.compactMap { done.emitted[$0] }
        if !rows.isEmpty, !done.isOwn { rows = Self.stored(rows, in: database) }
        if !rows.isEmpty { receivers.deliver(rows) }
        if done.outbox { wakeUps.outbox.wake() }
        if done.mail {
            wakeUps.mail.wake()
            unattendedMails.watch()
        }
    }

    /// The rows that were committed. Before an application's transaction nothing forgets the rows of an earlier one that
    /// was lost.
    private static func stored(_ rows: [OutboxRow], in database: Database) -> [OutboxRow] {
        var seen: Set<Int64> = []
        return rows.filter { row in
            guard seen.insert(row.sequence).inserted else { return false }
            do {
                let id = try UUID.fetchOne(
                    database, sql: "SELECT message_id FROM auth_outbox WHERE sequence = ?",
                    arguments: [row.sequence])
                return id == row.draft.id
            } catch {
                // The commit has succeeded, and a lost transaction is far less likely than a failed read.
                return true
            }
        }
    }

    func databaseDidRollback(_ database: Database) { current.withLock { $0 = Transaction() } }
}
