// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// A store as programs operate it: the seams of flows, relay and mail loop, with an operator's actions and the upkeep.
public protocol OperatedStore: AccountStore, Outbox, MailQueue {
    /// How long settled rows of the outbox are kept; unrouted rows at least a day.
    var retention: Duration { get }
    /// Encodes the emitted signals.
    var codec: SignalCodec { get }
    /// The time of emitted signals, of sessions and of retries.
    var clock: any WallClock { get }

    // MARK: Schema and health

    /// Brings the schema up to date, or creates it. Several processes may call it at the same time.
    ///
    /// - Throws: ``StoreError`` with code ``StoreError/Code/newerSchema`` if a newer version has migrated the store.
    func migrate() async throws
    /// - Throws: ``StoreError``: `outdatedSchema`, `newerSchema`.
    func checkSchema() async throws
    /// Checks that the store can be used now.
    ///
    /// - Throws: ``StoreError``: `replaced` for a file that was deleted, `unreachable` for a server without reply, …
    func checkReachable() async throws
    /// Records how much space the store uses as metrics, where it is known.
    func recordSpace()
    /// Returns when the in-process receivers have handled all signals that were committed so far.
    func receiversFinished() async

    // MARK: Accounts

    /// A page of the accounts, as one consistent view; accounts that are created or deleted between two calls do not
    /// shift the others.
    ///
    /// - Parameters:
    ///   - id: the last id of the previous page; nil for the first page. The account may have been deleted since.
    ///   - joined: only accounts whose `User.dateJoined` is at or after this time; nil for all.
    ///   - limit: the maximum number of accounts; none if it is not positive.
    func users(after id: User.ID?, joinedFrom joined: Date?, limit: Int) async throws -> UserPage
    /// The addresses that several rows have had since a migration found them to be the same.
    func duplicateEmails() async throws -> [DuplicateEmail]

    // MARK: The outbox

    /// The matching rows, in order.
    ///
    /// - Parameters:
    ///   - filter: which rows.
    ///   - sequence: the last number of the previous call.
    ///   - limit: the maximum number of rows.
    func outboxRecords(_ filter: OutboxFilter, after sequence: Int64, limit: Int) async throws
        -> [OutboxRecord]
    /// The newest rows below a number, newest first. They are read by index, so that the cost does not grow with the
    /// outbox: of confirmed and unrouted rows, at most the newest 10,000 below the number are examined. Unreadable rows
    /// are skipped.
    ///
    /// - Parameters:
    ///   - states: the states of the rows.
    ///   - sequence: only rows with a lower number; `Int64.max` for the newest.
    ///   - limit: the maximum number of rows, 0 to 1,000.
    func newestOutboxRecords(_ states: Set<OutboxRecord.State>, before sequence: Int64, limit: Int)
        async throws
        -> [OutboxRecord]
    /// The rows with these numbers, in order; a number without a readable row is skipped.
    ///
    /// - Parameter sequences: at most 1,000; the others are ignored.
    func outboxRecords(numbered sequences: [Int64]) async throws -> [OutboxRecord]
    /// The parked row that was emitted last; nil if no row is parked.
    func newestParked() async throws -> OutboxRecord?
    /// Republishes rows: they return to the outbox with the same id, sequence number and time, due immediately.
    /// Deferred pending rows become due immediately, too.
    ///
    /// - Returns: how many rows.
    func republish(_ filter: OutboxFilter) async throws -> Int
    /// Deletes settled rows. Pending rows are never deleted, and rows that no queue received are kept for at least a
    /// day after the broker's answer, whatever the filter and the time are.
    ///
    /// - Parameters:
    ///   - filter: which rows.
    ///   - time: rows settled before it are deleted.
    /// - Returns: how many were deleted.
    func purge(_ filter: OutboxFilter, settledBefore time: Date) async throws -> Int
    /// Compares the emitted signals with the stored rows: every assigned number belongs to a row that is pending,
    /// settled, or deleted after it was settled.
    func verifyOutbox() async throws -> OutboxVerification
    /// Deletes the rows of the outbox, its history and the mail queue about one person, and overwrites their bytes where
    /// the database can.
    ///
    /// Signals that were already delivered are not affected, and a signal in flight to the broker may still arrive.
    /// Every sequence number stays accounted for (``verifyOutbox()``). The account itself is not changed.
    ///
    /// - Parameter subject: the user's id.
    func erase(subject: String) async throws -> OutboxErasure
    /// From now on, rows that this store deletes are overwritten, so that their bytes do not stay in the file; until
    /// ``erase(subject:)`` has returned. Does nothing where a database cannot do that.
    func overwriteDeletedRows() async throws
    /// Pauses the relay: within a second, the process that holds the relay lease stops publishing, until
    /// ``resumeOutbox()``. The pause survives restarts. Flows continue, and their signals stay pending.
    ///
    /// - Returns: since when the outbox is paused, which may be earlier than this call.
    @discardableResult
    func pauseOutbox() async throws -> Date
    /// Resumes the relay.
    func resumeOutbox() async throws

    // MARK: Mails

    /// The failed mails, in the order in which they were queued.
    ///
    /// - Parameter ids: only these; nil for all.
    func failedMails(ids: Set<UUID>?) async throws -> [FailedMail]
    /// Retries failed mails immediately, with the count of attempts reset.
    ///
    /// - Returns: how many are retried.
    func retryMails(_ ids: [UUID]) async throws -> Int
    /// Deletes failed mails.
    ///
    /// - Returns: how many were deleted.
    func dropMails(_ ids: [UUID]) async throws -> Int
    /// The number of queued mails that cannot be decrypted, so that their recipients are unknown.
    func undecryptableMailCount() async throws -> Int

    // MARK: Upkeep

    /// Deletes settled rows of the history, one batch per transaction. Parked rows stay until an operator deletes them,
    /// because they were never delivered.
    ///
    /// - Parameters:
    ///   - time: rows settled before it are deleted; unrouted ones are kept for at least a day.
    ///   - batch: how many rows per transaction.
    /// - Returns: how many were deleted.
    func purgeHistory(before time: Date, batch: Int) async throws -> Int
    /// Deletes expired sessions, including those of pending log-ins, one batch per transaction.
    ///
    /// - Returns: how many were deleted.
    func purgeExpiredSessions(batch: Int) async throws -> Int
    /// Whether old rows may be deleted now: not if the clock is implausible (it has jumped by more than a day). The last
    /// run is stored, so that a process that starts with a wrong clock is detected, too.
    ///
    /// - Parameters:
    ///   - process: identifies the caller. If one process doubts the clock, another one cannot confirm it a moment
    ///     later, because both read the same clock.
    ///   - period: the time between two runs of a process.
    func permitsDeletion(process: String, period: Duration) async throws -> Bool
}

extension OperatedStore {
    /// A page of 100 accounts; ``users(after:joinedFrom:limit:)`` describes the parameters.
    public func users(after id: User.ID? = nil, joinedFrom joined: Date? = nil) async throws -> UserPage {
        try await users(after: id, joinedFrom: joined, limit: 100)
    }
    /// All failed mails, in the order in which they were queued.
    public func failedMails() async throws -> [FailedMail] { try await failedMails(ids: nil) }
    /// Deletes settled rows of the history, 1,000 per transaction.
    ///
    /// - Parameter time: rows settled before it are deleted; unrouted ones are kept for at least a day.
    /// - Returns: how many were deleted.
    public func purgeHistory(before time: Date) async throws -> Int {
        try await purgeHistory(before: time, batch: 1000)
    }
    /// Deletes expired sessions, including those of pending log-ins, 1,000 per transaction.
    ///
    /// - Returns: how many were deleted.
    public func purgeExpiredSessions() async throws -> Int { try await purgeExpiredSessions(batch: 1000) }
    /// Deletes settled rows that are older than ``retention``.
    package func purgeHistory() async throws -> Int {
        let seconds = TimeInterval(retention.components.seconds)
        return try await purgeHistory(before: clock.now().addingTimeInterval(-seconds))
    }
    /// Calls `body` with all matching rows, in order and page by page, so that they need not fit into memory.
    package func forEachPage(
        of filter: OutboxFilter, _ body: ([OutboxRecord]) async throws -> Void
    ) async throws {
        var after = Int64(0)
        while true {
            let records = try await outboxRecords(filter, after: after, limit: 500)
            guard let last = records.last else { return }
            try await body(records)
            after = last.row.sequence
        }
    }
}
