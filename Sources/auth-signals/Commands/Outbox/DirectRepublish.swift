// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthBrokerTools
import AuthServiceKit
import AuthSignals
import AuthStore
import Foundation
import Logging

/// Publishes stored signals to one consumer's queue, bypassing the relay: no other consumer receives them, and their
/// rows in the store do not change.
struct DirectRepublish {
    let queue: String
    let settings: InstallationSettings
    let store: SQLiteStore

    /// - Returns: the number of signals that the broker has confirmed.
    /// - Throws: `ProcessFailure` if it has not confirmed all of them; it is safe to run the command again.
    func send(_ filter: OutboxFilter) async throws -> Int {
        try await ProcessFailure.convertingBrokerErrors {
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
                .failed, "consumer \(queue) does not exist: it has no exchange \(topology.exchange)")
        }
    }

    private func failure(
        after sent: Int, _ outcome: PublishOutcome, _ status: BrokerStatus
    ) -> ProcessFailure {
        let reason =
            switch (outcome, status) {
            case (.unknown, .connecting(let error?)), (.closed, .connecting(let error?)): error.message
            case (.unknown(let reason), _), (.refused(let reason), _), (.closed(_, let reason), _): reason
            case (.returned(let code, let text), _): "not routed to a queue (\(code) \(text))"
            case (.nacked, _): "nacked; the queue may be full"
            case (.confirmed, _): ""
            }
        return ProcessFailure(
            .failed, "\(sent) signals published, the next one failed: \(reason); run the command again")
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
            FileHandle.standardError.write(Data("\(sent) published\n".utf8))
            if interruption.isRequested {
                throw ProcessFailure(.failed, "interrupted after \(sent) signals; run the command again")
            }
        }
        return sent
    }
}
