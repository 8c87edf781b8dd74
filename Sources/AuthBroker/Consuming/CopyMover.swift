// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging
import Synchronization

/// Publishes the copies of deliveries to the consumer's own queues, and finds those that can never be published.
///
/// A copy that breaks AMQP's limits is trimmed. If the broker closes the channel over a copy, for it is larger than the
/// broker's `max_message_size`, say, then all copies in flight are in doubt: from then on one delivery is moved at a
/// time, so that the next close names the culprit.
final class CopyMover: Sendable {
    /// What became of the copies of a delivery.
    enum Ending: Equatable {
        /// The broker has all of them.
        case stored
        /// One of them can never be published; with the reason.
        case impossible(String)
    }

    /// So often a delivery must have closed the channel alone: once may be a fault of the broker's.
    private static let mostCloses = 2

    let connection: PublishingConnection
    private let topology: ConsumerTopology
    private let logger: Logger
    private let patience: Duration
    private let turns = MoveTurns()
    /// How often a delivery has closed the channel while nothing else was in flight.
    private let closes = Mutex<[Delivery.Tag: Int]>([:])

    /// - Parameter patience: How long a connection is waited for.
    init(
        on connection: PublishingConnection, _ topology: ConsumerTopology, patience: Duration,
        _ logger: Logger
    ) {
        self.connection = connection
        self.topology = topology
        self.patience = patience
        self.logger = logger
    }

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/notMoved`` if it may be tried again, or
    ///   `CancellationError`.
    func move(_ delivery: Delivery.Tag, as copies: [MovedCopy]) async throws -> Ending {
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
                .notMoved, "the copy for \(topology.name(of: copy.destination)) was not stored: \(outcome)")
        }
        isTaken = true
        closes.withLock { _ = $0.removeValue(forKey: delivery) }
        return .stored
    }

    /// What the user may not do is not the message's fault, and is mended by a permission.
    private static let accessRefused = 403

    /// Publishes, and again what was refused, without what is too large in it.
    private func publish(_ messages: [SignalMessage]) async -> [PublishOutcome] {
        var outcomes = await connection.submit(messages).outcomes()
        let refused = outcomes.indices.filter { index in
            if case .refused = outcomes[index] { true } else { false }
        }
        if refused.isEmpty { return outcomes }
        let trimmed = refused.map { messages[$0].trimmed() }
        for message in trimmed {
            logger.warning(
                "a copy breaks AMQP's limits and is trimmed",
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
            // Those of earlier connections are delivered under another tag.
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
