// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension Channel {
    /// Declares everything of a consumer's. What exists already as it must be is left alone.
    ///
    /// - Parameter signals: the signals' exchange; it is the publisher's, so it is only looked for.
    func declare(_ topology: ConsumerTopology, signals: String) throws(BrokerError) {
        try declareExchange(signals, type: "topic", isPassive: true)
        try declareExchange(topology.exchange, type: "direct")
        for queue in topology.queues { try declareQueue(queue.name, queue.arguments) }
        for binding in topology.bindings(to: signals) {
            try bind(binding.queue, to: binding.exchange, key: binding.key)
        }
    }
}
