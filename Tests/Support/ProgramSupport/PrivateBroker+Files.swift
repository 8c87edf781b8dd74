// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
package import AuthSignals
package import BrokerSupport
package import Foundation
import ServiceLifecycle

extension PrivateBroker {
    /// Every file of the node with its bytes: its storage and its logs.
    package func files() -> [(name: String, bytes: Data)] {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: directory)) ?? []
        return names.compactMap { name in
            FileManager.default.contents(atPath: directory + "/" + name).map { ("the broker's \(name)", $0) }
        }
    }
}

extension Installation {
    package var broker: BrokerSettings {
        get throws {
            var broker = BrokerSettings(urls: try BrokerURL.list(environment["BROKER_URL"] ?? ""))
            broker.exchange = environment["BROKER_EXCHANGE"] ?? broker.exchange
            return broker
        }
    }

    /// Publishes an arbitrary body to the signal exchange.
    package func publish(
        _ body: String, routingKey: String, id: String = UUID().uuidString.lowercased(),
        subject: String? = nil
    ) async throws -> PublishOutcome? {
        let publisher = BrokerPublisher(try broker)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await publisher.run() }
            try await publisher.awaitReady()
            let message = SignalMessage(
                routingKey: routingKey, messageID: id, contentType: SignalCodec.contentType,
                headers: subject.map { ["subject": .string($0)] } ?? [:], body: Data(body.utf8))
            let outcomes = await publisher.publish([message])
            group.cancelAll()
            return outcomes.first
        }
    }

    /// The number of dead letters of a worker's queue.
    package func deadLetters(of queue: String) async throws -> Int {
        try await BrokerAdmin(broker).messageCount(in: name(of: queue) + ".dead")
    }
}
