// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthServiceKit

struct TopologyDeclareCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "declare",
        abstract:
            "Declare the signals' exchange and, with --queue, a consumer's exchange, queues and bindings.",
        discussion:
            "Objects that exist with the same arguments do not change. Settings: BROKER_URL, BROKER_EXCHANGE."
    )

    @OptionGroup var consumer: ConsumerSelection

    func run() async throws {
        let topology = try consumer.topology()
        let settings = try OperatorBroker.broker()
        let admin = BrokerAdmin(settings)
        try await ProcessFailure.convertingBrokerErrors {
            try await admin.declareExchange()
            printLine("exchange \(settings.exchange)")
            guard let topology else { return }
            try await admin.declare(topology)
            printLine("exchange \(topology.exchange)")
            for queue in topology.queues { printLine("queue \(queue.name)") }
            for pattern in topology.patterns { printLine("binding \(topology.queue) \(pattern)") }
        }
    }
}
