// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// An inbox that programs operate: workers register their handlers in it, and `auth-signals outbox verify --inbox`
/// compares its marks with the emitted signals.
public protocol OperatedInbox: Inbox {
    /// Registers a queue's bindings and handlers from now on. Registered ones that are no longer present end now.
    ///
    /// - Parameters:
    ///   - handlers: The worker's handlers.
    ///   - patterns: The patterns that the queue is bound with.
    ///   - queue: The name of the queue.
    ///   - time: Not before the queue was bound.
    func register(
        _ handlers: SignalHandlers, boundTo patterns: [SignalPattern], on queue: String, at time: Date
    ) async throws

    /// The bindings and handlers that the workers have registered; empty for an inbox of an earlier version.
    func work() async throws -> InboxWork

    /// The names of the handlers that have marked a message, sorted by their bytes.
    func handlers() async throws -> [String]

    /// The ids that none of the handlers has marked, in the given order.
    func unseen(of ids: [UUID], by handlers: [String]) async throws -> [UUID]
}
