// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// A durable queue with its declaration arguments, which cannot be changed for an existing queue.
public struct QueueDeclaration: Hashable, Sendable {
    public var name: String
    public var arguments: [String: SignalMessage.HeaderValue]

    /// A quorum queue: replicated if the broker has several nodes, and written to disk before a confirm.
    ///
    /// - Parameter arguments: The arguments besides `x-queue-type`.
    package init(quorum name: String, _ arguments: [String: SignalMessage.HeaderValue]) {
        self.name = name
        self.arguments = arguments.merging(["x-queue-type": .string("quorum")]) { _, own in own }
    }
}

/// A queue's binding to an exchange.
public struct QueueBinding: Hashable, Sendable {
    public var queue: String
    public var exchange: String
    public var key: String
}
