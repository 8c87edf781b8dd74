// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import CRabbitMQ

/// Declarations. Each blocks until the broker's reply, so they are made before the first publish or consume.
extension Channel {
    package func declareExchange(_ name: String, type: String, isPassive: Bool = false) throws(BrokerError) {
        try check(
            crmq_declare_exchange(connection, name, type, isPassive, nil, 0), name: "exchange \(name)",
            .declareExchange)
    }

    /// - Returns: The number of ready messages in the queue.
    @discardableResult
    package func declareQueue(
        _ name: String, _ arguments: [String: SignalMessage.HeaderValue] = [:], isPassive: Bool = false
    ) throws(BrokerError) -> Int {
        arena.begin(byteCount: MessageArena.byteCount(of: arguments), fieldCount: arguments.count)
        let (fields, count) = arena.put(arguments)
        var messages: UInt32 = 0
        let status = crmq_declare_queue(connection, name, isPassive, fields, count, &messages)
        let deadLetters = arguments["x-dead-letter-exchange"] != nil
        try check(status, name: "queue \(name)", .declareQueue(deadLetters: deadLetters))
        return Int(messages)
    }

    /// Declares an exclusive queue, which the broker deletes with the connection.
    package func declareOwnQueue(
        _ name: String, _ arguments: [String: SignalMessage.HeaderValue]
    ) throws(BrokerError) {
        arena.begin(byteCount: MessageArena.byteCount(of: arguments), fieldCount: arguments.count)
        let (fields, count) = arena.put(arguments)
        try check(
            crmq_declare_own_queue(connection, name, fields, count), name: "queue \(name)",
            .declareQueue(deadLetters: false))
    }

    package func bind(_ queue: String, to exchange: String, key: String) throws(BrokerError) {
        try check(crmq_bind_queue(connection, queue, exchange, key), name: "exchange \(exchange)", .bind)
    }

    /// Removes a binding; succeeds if it does not exist.
    func unbind(_ queue: String, from exchange: String, key: String) throws(BrokerError) {
        try check(crmq_unbind_queue(connection, queue, exchange, key), name: "exchange \(exchange)")
    }

    package func deleteQueue(_ name: String) throws(BrokerError) {
        try check(crmq_delete_queue(connection, name), name: "queue \(name)", .delete)
    }

    func deleteExchange(_ name: String) throws(BrokerError) {
        try check(crmq_delete_exchange(connection, name), name: "exchange \(name)", .delete)
    }

    package func selectConfirms() throws(BrokerError) { try check(crmq_select_confirms(connection)) }

    package func consume(_ queue: String, as tag: String, prefetch: Int) throws(BrokerError) {
        let status = crmq_consume(connection, queue, tag, UInt16(clamping: prefetch), nil, 0)
        try check(status, name: "queue \(queue)", .consume)
    }
}
