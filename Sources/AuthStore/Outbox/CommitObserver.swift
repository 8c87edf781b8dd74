// SPDX-License-Identifier: Apache-2.0
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

    /// Records a row that was written in the open transaction.
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

    /// Calls `stat(2)` once: about a microsecond, negligible compared with the commit's wait for the disk.
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
