// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension Channel {
    /// Declares everything of a consumer's. What exists already as it must be is left alone.
    ///
    /// - Parameter signals: the signals' exchange, which is the publisher's. Binding fails with `notFound` while it
    ///   does not exist; a passive declaration would need the permission to configure it on RabbitMQ 4.3.
    func declare(_ topology: ConsumerTopology, signals: String) throws(BrokerError) {
        try declareOwn(topology)
        try bind(topology, to: signals)
    }

    /// Declares the queues, and the exchange that leads to them.
    ///
    /// - Returns: How many messages are ready in each queue, in the order of ``ConsumerTopology/queues``.
    @discardableResult
    func declareOwn(_ topology: ConsumerTopology) throws(BrokerError) -> [Int] {
        try declareExchange(topology.exchange, type: "direct")
        var counts: [Int] = []
        for queue in topology.queues { counts.append(try declareQueue(queue.name, queue.arguments)) }
        for binding in topology.ownBindings {
            try bind(binding.queue, to: binding.exchange, key: binding.key)
        }
        return counts
    }

    /// Binds the queue to the signals' exchange, which must exist.
    func bind(_ topology: ConsumerTopology, to signals: String) throws(BrokerError) {
        for pattern in topology.patterns { try bind(topology.queue, to: signals, key: pattern.rawValue) }
    }
}
