// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The pending mails: a seam between the store and the mail loop.
public protocol MailQueue: Sendable {
    /// Waits for the mail lease, which at most one process holds at a time. Only its holder delivers mails. A lease
    /// that can be lost reports it (`Lease.lost()`).
    ///
    /// - Throws: `CancellationError` when the waiting task is cancelled.
    func acquireMailLease() async throws -> any Lease

    /// The mails that are due, in the order in which they were queued, at most `limit`.
    ///
    /// A mail that was never deferred is due. A deferred one is due when its time has come, and also if its time is
    /// further away than ``QueuedMail/longestWait``: it was then deferred while the clock was ahead.
    func dueMails(limit: Int, now: Date) async throws -> [QueuedMail]

    /// Deletes a mail that the transport has accepted and emits its signal, in one transaction.
    func accepted(_ mail: QueuedMail) async throws

    /// Defers a mail that the transport has not accepted to `retryAt`, or moves it to the failed queue if `retryAt` is
    /// nil.
    ///
    /// - Parameters:
    ///   - mail: the mail.
    ///   - reason: the transport's error, without an address.
    ///   - retryAt: when it is sent again; nil: never.
    func failed(_ mail: QueuedMail, reason: String, retryAt: Date?) async throws

    /// A stream of wake-ups: a value arrives soon after mails were queued. Coalesced; each call makes a new stream.
    func mailWakeUps() -> AsyncStream<Void>

    /// When the next mail is due; nil if none is pending.
    func nextMailDue() async throws -> Date?

    /// How many mails are pending, and how many have failed.
    func mailStatus() async throws -> MailStatus
}

/// The number of pending and failed mails in a mail queue.
public struct MailStatus: Hashable, Sendable, Codable {
    public var pending: Int
    public var oldestPending: Date?
    /// Permanently failed mails: the transport rejected them permanently, or for too long.
    public var failed: Int

    public init(pending: Int, oldestPending: Date?, failed: Int) {
        self.pending = pending
        self.oldestPending = oldestPending
        self.failed = failed
    }
}
