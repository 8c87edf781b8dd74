// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB
import Synchronization

/// Hears what this process commits, and tells receivers and waiting loops; refuses a commit into a file that
/// was deleted or replaced.
///
/// GRDB reports a row only when the savepoint it was written in is kept: what an application rolls back
/// within its transaction is not told.
final class CommitObserver: TransactionObserver, Sendable {
    private struct Transaction {
        var emitted: [Int64: OutboxRow] = [:]
        var inserted: [Int64] = []
        var outbox = false
        var mail = false
    }

    private let current = Mutex(Transaction())
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

    /// A row was written in the open transaction.
    func emitted(_ row: OutboxRow) {
        if receivers.isEmpty { return }
        current.withLock { $0.emitted[row.sequence] = row }
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

    /// One `stat(2)`, about a microsecond beside the commit's wait for the disk.
    func databaseWillCommit() throws { try watch?.check() }

    func databaseDidCommit(_ database: Database) {
        let done = current.withLock { transaction in
            defer { transaction = Transaction() }
            return transaction
        }
        let rows = done.inserted.compactMap { done.emitted[$0] }
        if !rows.isEmpty { receivers.deliver(rows) }
        if done.outbox { wakeUps.outbox.wake() }
        if done.mail {
            wakeUps.mail.wake()
            unattendedMails.watch()
        }
    }

    func databaseDidRollback(_ database: Database) { current.withLock { $0 = Transaction() } }
}
