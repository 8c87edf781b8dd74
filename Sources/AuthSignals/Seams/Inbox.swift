// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// Which messages a worker's handlers have processed: a seam that makes the effects of handlers happen once.
///
/// Marks are stored by handler and message id, so that two handlers of one message are tracked independently.
public protocol Inbox: Sendable {
    /// Whether the handler has already processed that message.
    func isDone(handler: String, messageID: UUID) async throws -> Bool

    /// Marks the message as processed by the handler; does nothing if it already is.
    func markDone(handler: String, messageID: UUID, at time: Date) async throws

    /// Runs `body` and marks the message as processed, in one transaction. If it already was, `body` does not run.
    /// If `body` throws, neither the mark nor its writes are kept.
    ///
    /// - Returns: whether `body` ran.
    func once(
        handler: String, messageID: UUID, at time: Date,
        _ body: @Sendable (any InboxTransaction) throws -> Void
    ) async throws -> Bool

    /// Records that a handler is about to start on a redelivered message. If the message crashes the process, this is
    /// the only trace. The default implementation records nothing.
    func noteBegun(handler: String, messageID: UUID, at time: Date) async throws

    /// The handlers for which ``noteBegun(handler:messageID:at:)`` was called for the message, sorted; nil, which is
    /// the default, if this inbox does not record them.
    func begun(messageID: UUID) async throws -> [String]?

    /// Deletes marks and records that are older than `time`, in small batches.
    ///
    /// - Returns: the number of deleted marks.
    func prune(before time: Date) async throws -> Int
}

extension Inbox {
    public func noteBegun(handler: String, messageID: UUID, at time: Date) async throws {}
    public func begun(messageID: UUID) async throws -> [String]? { nil }
}

/// The transaction in which a mark is written. The module of the inbox in use gives access to its database.
public protocol InboxTransaction {}
