// SPDX-License-Identifier: Apache-2.0
package import Tracing

/// What messages are published to, or consumed from, as spans name it (OpenTelemetry's semantic conventions for
/// messaging).
public struct MessagingDestination: Hashable, Sendable {
    /// `messaging.system`, such as `rabbitmq`.
    public var system: String
    /// `messaging.destination.name`: an exchange or a queue.
    public var name: String

    public init(system: String, name: String) {
        self.system = system
        self.name = name
    }

    /// In memory, in tests.
    public static let memory = MessagingDestination(system: "memory", name: "memory")

    /// The attributes of a span about one message.
    ///
    /// - Parameters:
    ///   - operation: `messaging.operation.name`: `publish` or `process`.
    ///   - type: `messaging.operation.type`: `send` or `process`.
    package func attributes(
        operation: String, type: String, messageID: String, signal: SignalName
    ) -> SpanAttributes {
        var attributes = SpanAttributes()
        attributes["messaging.system"] = system
        attributes["messaging.destination.name"] = name
        attributes["messaging.operation.name"] = operation
        attributes["messaging.operation.type"] = type
        attributes["messaging.message.id"] = messageID
        // The routing key of the first publish.
        attributes["messaging.rabbitmq.destination.routing_key"] = signal.rawValue
        return attributes
    }
}
