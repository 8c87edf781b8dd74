// SPDX-License-Identifier: Apache-2.0
import AuthBroker
package import AuthSignals
package import Foundation

/// A message in a consumer's dead letter queue, for display to an operator.
package struct DeadLetter: Hashable, Sendable {
    /// The message as stored in the queue. Its body is empty if it is larger than
    /// ``BrokerSettings/largestBody``.
    package var message: SignalMessage
    /// The size of the body in bytes.
    package var bodySize: Int

    package init(message: SignalMessage, bodySize: Int) {
        self.message = message
        self.bodySize = bodySize
    }

    private func text(_ header: String) -> String? { message.headers[header]?.string }

    /// The event's id, if the sender set one; also an id that did not fit into a copy's property.
    package var id: String { text(SignalMessage.HeaderName.originID) ?? message.messageID }
    /// The signal's name: the message's type or, without one, the routing key that it was first published with.
    package var name: String {
        message.type ?? text(SignalMessage.HeaderName.originKey) ?? message.routingKey
    }
    /// The handler that failed; nil if the message was dead-lettered for all handlers.
    package var handler: String? { text(SignalMessage.HeaderName.handler) }
    /// The number of that handler's attempts.
    package var attempts: Int? { message.headers[SignalMessage.HeaderName.attempt]?.integer.map(Int.init) }
    /// Why the message was dead-lettered: the worker's reason, or the broker's (`delivery_limit`, `rejected`).
    package var reason: String? {
        text(SignalMessage.HeaderName.reason) ?? text("x-first-death-reason")
    }
    /// Whether the message was probably never handled: the broker dead-lettered it because it was returned to the queue
    /// too often. A worker that had passed it to a handler would have dead-lettered it itself, one return earlier, with
    /// the handler's name.
    package var isNeverHandled: Bool {
        text(SignalMessage.HeaderName.reason) == nil && text("x-first-death-reason") == "delivery_limit"
            && handler == nil
    }
    /// The type of the error; also its text, if the worker was configured to include it.
    package var error: String? { text(SignalMessage.HeaderName.error) }
    /// When a worker dead-lettered the message; nil if the broker did.
    package var failedAt: Date? { text(SignalMessage.HeaderName.failedAt).flatMap(Date.init(wireText:)) }
    /// When a worker dead-lettered the message; if the broker did, when the event happened.
    package var age: Date? { failedAt ?? message.timestamp }
    /// How often the message was delivered and returned from the dead letter queue: every inspection counts.
    package var looks: Int {
        let counts = ["x-acquired-count", "x-delivery-count"].compactMap { message.headers[$0]?.integer }
        return counts.max().map(Int.init) ?? 0
    }
    /// Whether the body is complete, so that the message can be requeued.
    package var isWhole: Bool { bodySize == message.body.count }

    /// The copy to requeue: the contract's properties and headers, with the attempts reset.
    package var requeued: SignalMessage {
        typealias Name = SignalMessage.HeaderName
        var copy = message.moved(to: "main")
        if copy.headers[Name.attempt] != nil { copy.headers[Name.attempt] = .integer(0) }
        copy.headers[Name.reason] = nil
        copy.headers[Name.failedAt] = nil
        if copy.headers[Name.originKey] == nil { copy.headers[Name.originKey] = .string(name) }
        return copy
    }
}
