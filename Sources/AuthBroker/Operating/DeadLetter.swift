// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A message among a consumer's dead letters, as an operator looks at it.
public struct DeadLetter: Hashable, Sendable {
    /// The message as it lies there. Its body is empty where it is larger than what is taken in
    /// (``BrokerConfiguration/largestBody``).
    public var message: SignalMessage
    /// Bytes of its body.
    public var bodySize: Int

    public init(message: SignalMessage, bodySize: Int) {
        self.message = message
        self.bodySize = bodySize
    }

    private func text(_ header: String) -> String? { message.headers[header]?.string }

    /// The event's id, if the sender gave one; also one that does not fit into a copy's property.
    public var id: String { text(SignalMessage.HeaderName.originID) ?? message.messageID }
    /// The signal's name, as far as the message tells: its type, or the key that it was first published with.
    public var name: String {
        message.type ?? text(SignalMessage.HeaderName.originKey) ?? message.routingKey
    }
    /// The handler that failed; nil where the whole message was set aside.
    public var handler: String? { text(SignalMessage.HeaderName.handler) }
    /// How often that handler tried.
    public var attempts: Int? { message.headers[SignalMessage.HeaderName.attempt]?.integer.map(Int.init) }
    /// Why it is here: the worker's reason, or the broker's (`delivery_limit`, `rejected`).
    public var reason: String? {
        text(SignalMessage.HeaderName.reason) ?? text("x-first-death-reason")
    }
    /// Whether it came here without a handler's having been given it, as far as is known: the broker made it a dead
    /// letter, since it was returned to the queue too often. A worker that had given it to a handler would have done
    /// that itself, one return before, and named the handler.
    public var isNeverHandled: Bool {
        text(SignalMessage.HeaderName.reason) == nil && text("x-first-death-reason") == "delivery_limit"
            && handler == nil
    }
    /// The type of the error; its text too, where the worker was configured to write it.
    public var error: String? { text(SignalMessage.HeaderName.error) }
    /// When it was set aside, where a worker did that.
    public var failedAt: Date? { text(SignalMessage.HeaderName.failedAt).flatMap(Date.init(wireText:)) }
    /// When it was set aside; when the event happened, where the broker set it aside.
    public var age: Date? { failedAt ?? message.timestamp }
    /// How often it was delivered and given back: every look counts.
    public var looks: Int {
        let counts = ["x-acquired-count", "x-delivery-count"].compactMap { message.headers[$0]?.integer }
        return counts.max().map(Int.init) ?? 0
    }
    /// Whether all of its body is here, so that it can be sent on.
    public var isWhole: Bool { bodySize == message.body.count }

    /// The copy that goes back to the queue: the contract's properties and headers, attempts counted anew.
    public var requeued: SignalMessage {
        typealias Name = SignalMessage.HeaderName
        var copy = message.moved(to: "main")
        if copy.headers[Name.attempt] != nil { copy.headers[Name.attempt] = .integer(0) }
        copy.headers[Name.reason] = nil
        copy.headers[Name.failedAt] = nil
        if copy.headers[Name.originKey] == nil { copy.headers[Name.originKey] = .string(name) }
        return copy
    }
}
