// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension Channel {
    /// Declares everything that a consumer owns. Objects that already exist with equal arguments are unchanged.
    ///
    /// - Parameter signals: The signals' exchange, which the publisher declares. Binding fails with `notFound` while it
    ///   does not exist; a passive declaration would need configure permission on it on RabbitMQ 4.3.
    func declare(_ topology: ConsumerTopology, signals: String) throws(BrokerError) {
        try declareOwn(topology)
        try bind(topology, to: signals)
    }

    /// Declares the consumer's exchange and queues, and binds them.
    ///
    /// - Returns: The number of ready messages in each queue, in the order of ``ConsumerTopology/queues``.
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
