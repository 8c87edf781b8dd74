// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
import AuthSignals

/// A consumer's dead letter queue, for an operator: inspect, requeue or drop its messages.
///
/// It uses plain AMQP only. Inspected messages are returned to the queue. RabbitMQ counts that against the queue's
/// delivery limit; `NAME.dead` itself has no effective limit, and ``visit(isInterrupted:progress:_:)`` refuses to run
/// if a policy sets one. The order in the queue is preserved if a pass ends normally. After an aborted pass the
/// messages that it inspected may be behind the others: sort them for display (``DeadLetter/looks``).
package struct DeadLetterQueue: Sendable {
    /// What to do with a dead letter.
    package enum Verdict: Hashable, Sendable {
        /// Keep it in the queue.
        case leave
        /// Delete it.
        case drop
        /// Publish a copy to the consumer's queue, and delete the dead letter when the broker has confirmed the copy.
        case requeue
    }

    /// The progress of a pass.
    package struct Tally: Hashable, Sendable {
        /// The number of messages in the queue at the start of the pass. Only these are inspected, not later ones:
        /// otherwise messages that fail again immediately would be requeued forever.
        package var present = 0
        package var seen = 0
        package var requeued = 0
        package var dropped = 0
        /// The number of dead letters whose copies the broker did not confirm; they stay in the queue.
        package var refused = 0
        /// Whether the broker currently accepts no messages.
        package var isBlocked = false
        /// Whether the pass was interrupted before all messages were inspected.
        package var isInterrupted = false

        package init() {}

        /// The number of messages that were removed from the queue.
        package var removed: Int { requeued + dropped }
    }

    /// How to ensure that inspecting messages deletes none of them.
    package enum LimitCheck: Hashable, Sendable {
        /// Probe a queue with a similar name before each pass (`DeliveryLimitProbe`). A policy whose pattern matches
        /// only the dead letter queue's exact name is not detected.
        case probe
        /// Probe if the user has the permissions: the caller has already queried the management API, whose data may
        /// be some seconds old.
        case probeIfPermitted
        /// Do not probe: the caller knows that no policy limits deliveries.
        case done
    }

    /// The consumer's queue.
    package let queue: String
    private let limitCheck: LimitCheck
    private let topology: ConsumerTopology
    private let settings: BrokerSettings

    /// - Parameters:
    ///   - queue: The consumer's queue, without `.dead`.
    ///   - settings: A message larger than its `largestBody` is passed on without its body, and cannot be
    ///     requeued.
    ///   - limitCheck: How to ensure that inspecting deletes nothing.
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/invalidValue`` for an invalid name.
    package init(
        queue: String, _ settings: BrokerSettings, limitCheck: LimitCheck = .probe
    ) throws(BrokerError) {
        self.queue = queue
        self.limitCheck = limitCheck
        self.settings = settings
        topology = try ConsumerTopology(queue: queue, patterns: [])
    }

    /// Makes one pass over the messages that are in the queue now, in order, and applies a decision to each.
    ///
    /// Memory does not grow with their number: the copies in flight are bounded by ``BrokerSettings/window``. An
    /// interrupted or aborted pass loses nothing: a dead letter is deleted only after its copy was confirmed. At worst
    /// a copy exists twice, with the same id.
    ///
    /// - Parameters:
    ///   - isInterrupted: Called often; once it returns true, no more messages are inspected and the pass ends when
    ///     nothing is in flight.
    ///   - progress: Called periodically, on the connection's thread.
    ///   - decide: Called once per message, on the connection's thread.
    /// - Throws: ``BrokerError``: `notFound` if the queue does not exist; `topologyMismatch` if the dead letter queue
    ///   was declared with different arguments than the contract requires, or if a policy limits deliveries, so that
    ///   inspecting would delete messages.
    package func visit(
        isInterrupted: @escaping @Sendable () -> Bool = { false },
        progress: @escaping @Sendable (Tally) -> Void = { _ in },
        _ decide: @escaping @Sendable (DeadLetter) -> Verdict
    ) async throws(BrokerError) -> Tally {
        try await checkDeclaration()
        switch limitCheck {
        case .probe: try await checkLimit()
        case .probeIfPermitted:
            do throws(BrokerError) {
                try await checkLimit()
            } catch {
                if error.code != .accessRefused { throw error }
            }
        case .done: break
        }
        let (topology, settings) = (topology, settings)
        let admin = BrokerAdmin(settings)
        let (tally, held) = try await admin.perform(receivesOnly: true) { channel throws(BrokerError) in
            let pass = DeadLetterScan(
                topology, settings, isInterrupted: isInterrupted, progress: progress, decide: decide)
            return try pass.run(channel)
        }
        let dead = topology.name(of: .dead)
        try await admin.perform { channel throws(BrokerError) in try channel.awaitCount(of: held, in: dead) }
        return tally
    }

    private func checkLimit() async throws(BrokerError) {
        let probe = DeliveryLimitProbe(topology)
        let limit = try await BrokerAdmin(settings).perform { channel throws(BrokerError) in
            try probe.limit(channel)
        }
        if let limit { throw .deliveryLimit(limit, of: topology.name(of: .dead)) }
    }

    /// Checks the queue's arguments, on a separate connection because a refusal closes it.
    private func checkDeclaration() async throws(BrokerError) {
        guard let dead = topology.queues.last else { return }
        let admin = BrokerAdmin(settings)
        switch try await admin.compare(dead) {
        case .same, .hidden: break
        case .missing(let words): throw BrokerError(.notFound, words, replyCode: 404)
        case .different(let words):
            throw BrokerError(
                .topologyMismatch,
                "\(dead.name) was declared with different arguments than the contract requires, and inspecting it "
                    + "could delete messages: \(words)", replyCode: 406)
        }
    }
}

extension BrokerError {
    /// A policy limits how often a dead letter can be inspected.
    ///
    /// - Parameters:
    ///   - limit: The policy's delivery limit.
    ///   - queue: The dead letter queue.
    ///   - policies: The names of the policies, if known.
    package static func deliveryLimit(
        _ limit: Int, of queue: String, policies: [String] = []
    ) -> BrokerError {
        BrokerError(
            .topologyMismatch,
            (policies.isEmpty ? "a policy" : "the policy \(policies.joined(separator: " or "))")
                + " sets the delivery-limit \(limit) on \(queue): inspecting a message counts as a delivery, and "
                + "RabbitMQ would delete dead letters that were inspected more often. Nothing was inspected. Remove "
                + "the delivery-limit from the policy (rabbitmqctl list_policies and list_operator_policies show it), "
                + "or change its pattern so that it does not match \(queue)")
    }
}
