// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging
import Synchronization

/// Republishes copies of deliveries to the consumer's own queues, and detects those that can never be published.
///
/// A copy that exceeds AMQP's limits is trimmed. If the broker closes the channel because of a copy (for example one
/// larger than its `max_message_size`), any copy in flight may be the cause: from then on one delivery is republished
/// at a time, so that the next close identifies the cause.
final class CopyPublisher: Sendable {
    /// The result of republishing a delivery.
    enum Ending: Equatable {
        /// The broker has confirmed all copies.
        case stored
        /// A copy can never be published; with the reason.
        case impossible(String)
    }

    /// How often a delivery must have closed the channel while it was alone in flight: once may be a coincidence.
    private static let mostCloses = 2

    let connection: PublishingConnection
    private let topology: ConsumerTopology
    private let logger: Logger
    private let patience: Duration
    private let turns = CopyTurns()
    /// How often each delivery has closed the channel while nothing else was in flight.
    private let closes = Mutex<[Delivery.Tag: Int]>([:])

    /// - Parameter patience: How long to wait for a connection.
    init(
        on connection: PublishingConnection, _ topology: ConsumerTopology, patience: Duration,
        _ logger: Logger
    ) {
        self.connection = connection
        self.topology = topology
        self.patience = patience
        self.logger = logger
    }

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/notMoved`` if a retry may succeed, or
    ///   `CancellationError`.
    func republish(_ delivery: Delivery.Tag, as copies: [RepublishedCopy]) async throws -> Ending {
        let isAlone = try await turns.begin()
        var isTaken = false
        defer { turns.end(isTaken: isTaken) }
        try await connection.awaitReady(within: patience)
        let outcomes = await publish(copies.map { $0.message.moved(to: topology.key(of: $0.destination)) })
        for (copy, outcome) in zip(copies, outcomes) {
            switch outcome {
            case .confirmed: continue
            case .refused(let why): return impossible(delivery, why)
            case .returned: connection.wantUpkeep()
            case .closed(let code, let text) where code != Self.accessRefused:
                if isAlone, countClose(delivery) >= Self.mostCloses { return impossible(delivery, text) }
                turns.goOneByOne()
            case .closed, .nacked, .unknown: break
            }
            throw BrokerError(
                .notMoved,
                "the copy for \(topology.name(of: copy.destination)) was not republished: \(outcome)")
        }
        isTaken = true
        closes.withLock { _ = $0.removeValue(forKey: delivery) }
        return .stored
    }

    /// A missing permission is not the message's fault, and an operator can grant it.
    private static let accessRefused = 403

    /// Publishes the messages; those that were refused are trimmed and published again.
    private func publish(_ messages: [SignalMessage]) async -> [PublishOutcome] {
        var outcomes = await connection.submit(messages).outcomes()
        let refused = outcomes.indices.filter { index in
            if case .refused = outcomes[index] { true } else { false }
        }
        if refused.isEmpty { return outcomes }
        let trimmed = refused.map { messages[$0].trimmed() }
        for message in trimmed {
            logger.warning(
                "copy exceeds AMQP's limits; trimmed",
                metadata: [
                    "queue": "\(topology.queue)",
                    "trimmed": "\(message.headers[SignalMessage.HeaderName.trimmed]?.string ?? "")",
                ])
        }
        let again = await connection.submit(trimmed).outcomes()
        for (index, outcome) in zip(refused, again) { outcomes[index] = outcome }
        return outcomes
    }

    private func countClose(_ delivery: Delivery.Tag) -> Int {
        closes.withLock { closes in
            // Deliveries of earlier connections have been redelivered under new tags.
            closes = closes.filter { $0.key.epoch == delivery.epoch }
            closes[delivery, default: 0] += 1
            return closes[delivery] ?? 0
        }
    }

    private func impossible(_ delivery: Delivery.Tag, _ why: String) -> Ending {
        closes.withLock { _ = $0.removeValue(forKey: delivery) }
        turns.goSideBySide()
        return .impossible(why)
    }
}
