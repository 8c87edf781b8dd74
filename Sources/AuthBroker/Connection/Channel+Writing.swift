// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import CRabbitMQ
import Foundation

/// The methods that are sent while the loop runs; none of them blocks.
extension Channel {
    /// Publishes a persistent, mandatory message.
    package func publish(
        _ message: SignalMessage, exchange: String, routingKey: String
    ) throws(BrokerError) -> Written {
        var outgoing = CRMQMessage()
        let texts = [
            exchange, routingKey, message.messageID, message.correlationID ?? "", message.type ?? "",
            message.contentType ?? "", message.appID ?? "",
        ]
        let byteCount =
            texts.reduce(0) { $0 + $1.utf8.count } + MessageArena.byteCount(of: message.headers)
        arena.begin(byteCount: byteCount, fieldCount: message.headers.count)
        outgoing.exchange = arena.put(exchange)
        outgoing.routingKey = arena.put(routingKey)
        outgoing.mandatory = true
        // An absent id differs from an empty one.
        if !message.messageID.isEmpty { outgoing.properties.messageID = arena.put(message.messageID) }
        outgoing.properties.correlationID = arena.put(message.correlationID)
        outgoing.properties.type = arena.put(message.type)
        outgoing.properties.contentType = arena.put(message.contentType)
        outgoing.properties.appID = arena.put(message.appID)
        outgoing.properties.deliveryMode = 2
        if let seconds = message.timestamp?.timeIntervalSince1970, seconds >= 0, seconds < 1e15 {
            outgoing.properties.hasTimestamp = true
            outgoing.properties.timestamp = UInt64(seconds)
        }
        (outgoing.properties.headers, outgoing.properties.headerCount) = arena.put(message.headers)
        var tag: UInt64 = 0
        let status = message.body.withUnsafeBytes { body in
            outgoing.body = CRMQBytes(
                pointer: body.baseAddress?.assumingMemoryBound(to: UInt8.self), count: body.count)
            return crmq_publish(connection, &outgoing, &tag)
        }
        return try written(status, tag)
    }

    package func acknowledge(_ tag: UInt64, multiple: Bool) throws(BrokerError) -> Written {
        try written(crmq_ack(connection, tag, multiple), tag)
    }

    /// Returns a delivery to its queue, or lets the broker dead-letter it.
    package func release(_ tag: UInt64, requeue: Bool) throws(BrokerError) -> Written {
        try written(crmq_nack(connection, tag, false, requeue), tag)
    }

    /// Returns a delivery to its queue as failed, which counts against the queue's delivery limit.
    package func returnFailed(_ tag: UInt64) throws(BrokerError) -> Written {
        try written(crmq_return(connection, tag), tag)
    }

    /// Requests one message of a queue (`basic.get`); the reply is an event of a later step.
    package func get(_ queue: String) throws(BrokerError) -> Written {
        try written(crmq_get(connection, queue), 0)
    }

    package func cancel(_ consumerTag: String) throws(BrokerError) -> Written {
        try written(crmq_cancel(connection, consumerTag), 0)
    }
}
