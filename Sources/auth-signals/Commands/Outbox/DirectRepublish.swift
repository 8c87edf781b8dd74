// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthOperations
import AuthSignals
import AuthStore
import Foundation
import Logging

/// Sends kept signals to one consumer's queue, past the relay: nobody else gets them again, and what the store
/// says of them stays as it is.
struct DirectRepublish {
    let queue: String
    let settings: InstallationSettings
    let store: SQLiteStore

    /// - Returns: how many the broker has stored.
    /// - Throws: `ProcessFailure` where it has not stored all of them; running it again does no harm.
    func send(_ filter: OutboxFilter) async throws -> Int {
        try await ProcessFailure.naming {
            try await checkQueue()
            let publisher = try QueuePublisher(
                to: queue, settings.broker,
                logger: Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() }))
            let running = Task { try await publisher.run() }
            defer { running.cancel() }
            try await publisher.awaitReady(within: settings.broker.connectTimeout)
            let count = try await sendAll(filter, publisher)
            running.cancel()
            try await running.value
            return count
        }
    }

    private func checkQueue() async throws {
        let topology = try ConsumerTopology(queue: queue, patterns: [])
        let state = try await BrokerAdmin(settings.broker).compare(
            exchange: topology.exchange, type: "direct")
        if case .missing = state {
            throw ProcessFailure(
                .failed, "there is no consumer \(queue): its exchange \(topology.exchange) does not exist")
        }
    }

    private func failure(
        after sent: Int, _ outcome: PublishOutcome, _ status: BrokerStatus
    ) -> ProcessFailure {
        let reason =
            switch (outcome, status) {
            case (.unknown, .connecting(let error?)), (.closed, .connecting(let error?)): error.message
            case (.unknown(let reason), _), (.refused(let reason), _), (.closed(_, let reason), _): reason
            case (.returned(let code, let text), _): "no queue takes it (\(code) \(text))"
            case (.nacked, _): "it refused it; a queue that is full does that"
            case (.confirmed, _): ""
            }
        return ProcessFailure(
            .failed, "\(sent) were sent, then the broker did not store one: \(reason); run it again")
    }

    private func sendAll(_ filter: OutboxFilter, _ publisher: QueuePublisher) async throws -> Int {
        let interruption = await Interruption.listening()
        var sent = 0
        try await store.forEachPage(of: filter) { records in
            let messages = records.map { settings.signals.codec.message(for: $0.row) }
            let outcomes = await publisher.publish(messages)
            let stored = outcomes.count { $0 == .confirmed }
            sent += stored
            if let other = outcomes.first(where: { $0 != .confirmed }) {
                throw failure(after: sent, other, publisher.status)
            }
            FileHandle.standardError.write(Data("\(sent) sent\n".utf8))
            if interruption.isRequested {
                throw ProcessFailure(.failed, "interrupted after \(sent); run it again")
            }
        }
        return sent
    }
}
