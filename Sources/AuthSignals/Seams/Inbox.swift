// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// What a worker's handlers have done: a seam that makes their effects happen once.
///
/// Marks are kept by handler and message id, so that two handlers of one message do not hide each other.
public protocol Inbox: Sendable {
    /// Whether the handler has already done that message.
    func isDone(handler: String, messageID: UUID) async throws -> Bool

    /// Marks the message as done by the handler; nothing happens where it was.
    func markDone(handler: String, messageID: UUID, at time: Date) async throws

    /// Runs `body` and marks the message as done, in one transaction; where it was done before, `body` does
    /// not run. A throw leaves neither the mark nor what `body` wrote.
    ///
    /// - Returns: whether `body` ran.
    func once(
        handler: String, messageID: UUID, at time: Date,
        _ body: @Sendable (any InboxTransaction) throws -> Void
    ) async throws -> Bool

    /// Notes that a handler is about to be given a message that was delivered before. If the process dies of it, this
    /// is the only trace. By default nothing is noted.
    func noteBegun(handler: String, messageID: UUID, at time: Date) async throws

    /// The handlers of which ``noteBegun(handler:messageID:at:)`` was called for the message, sorted; nil, which is
    /// the default, if this inbox does not note them.
    func begun(messageID: UUID) async throws -> [String]?

    /// Forgets marks and notes that are older than `time`, in small batches.
    ///
    /// - Returns: how many marks were forgotten.
    func prune(before time: Date) async throws -> Int
}

extension Inbox {
    public func noteBegun(handler: String, messageID: UUID, at time: Date) async throws {}
    public func begun(messageID: UUID) async throws -> [String]? { nil }
}

/// The transaction in which a mark is written. The technology's module gives access to its database.
public protocol InboxTransaction {}
