// SPDX-License-Identifier: Apache-2.0
package import Foundation
import Synchronization
import Tracing

/// A mark of an inbox: the handler has handled the message.
package struct InboxMark: Hashable, Sendable {
    package var handler: String
    package var messageID: UUID

    package init(handler: String, messageID: UUID) {
        self.handler = handler
        self.messageID = messageID
    }

    /// The id alone: few messages have several handlers, and hashing a name for every message costs more.
    package func hash(into hasher: inout Hasher) { hasher.combine(messageID) }
}

/// An inbox that can write a mark while its caller continues.
package protocol MarkSubmitting: Inbox {
    /// Marks the message as processed by the handler. From this call on ``Inbox/isDone(handler:messageID:)`` does not
    /// answer for this mark before it is committed or has failed.
    ///
    /// - Parameter completion: Called after the commit, or with the error if the mark cannot be committed.
    func submitMark(
        handler: String, messageID: UUID, at time: Date,
        _ completion: @escaping @Sendable ((any Error)?) -> Void)
}

/// A handler's closure that runs in the transaction of its mark. It holds a non-escaping closure, which must be released
/// before its caller continues.
package final class InboxBody: Sendable {
    package typealias Body = @Sendable (any InboxTransaction) throws -> Void
    private let body: Mutex<Body?>
    /// The trace context of the handler, since its body runs in the task of a group.
    private let context = ServiceContext.current

    package init(_ body: @escaping Body) { self.body = Mutex(body) }

    package func run(_ transaction: any InboxTransaction) throws {
        guard let body = body.withLock({ $0 }) else { return }
        try ServiceContext.$current.withValue(context) { try body(transaction) }
    }

    package func release() { body.withLock { $0 = nil } }
}
