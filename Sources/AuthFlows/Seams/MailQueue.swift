// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The mails that wait to be delivered: a seam between the store and the mail loop.
public protocol MailQueue: Sendable {
    /// Waits until this process may deliver, which at most one does at a time.
    func acquireMailRole() async throws -> any RelayRole

    /// The mails that are due, in the order in which they were queued, at most `limit`.
    ///
    /// A mail that was never postponed is due. Another one is due when its moment has come, and also if its
    /// moment is further off than ``QueuedMail/longestWait``: it was postponed while the clock was ahead.
    func dueMails(limit: Int, now: Date) async throws -> [QueuedMail]

    /// The transport has accepted the mail: deletes it and emits its signal, in one transaction.
    func accepted(_ mail: QueuedMail) async throws

    /// The transport has not accepted the mail: it is tried again at `retryAt`, or kept aside where that
    /// is nil.
    ///
    /// - Parameter reason: the transport's words, without an address.
    func failed(_ mail: QueuedMail, reason: String, retryAt: Date?) async throws

    /// A value arrives soon after mails were queued. Coalesced; each call makes a stream of its own.
    func mailWakeUps() -> AsyncStream<Void>

    /// When the next mail is due; nil where none waits.
    func nextMailDue() async throws -> Date?

    /// How many mails wait, and how many were given up.
    func mailStatus() async throws -> MailStatus
}

/// How much waits in a mail queue.
public struct MailStatus: Hashable, Sendable, Codable {
    public var pending: Int
    public var oldestPending: Date?
    /// Mails that are kept aside: the transport refused them for good, or for too long.
    public var failed: Int

    public init(pending: Int, oldestPending: Date?, failed: Int) {
        self.pending = pending
        self.oldestPending = oldestPending
        self.failed = failed
    }
}
