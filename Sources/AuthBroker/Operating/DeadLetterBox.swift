// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// The dead letters of a consumer, for its operator: looked at, sent back to the queue, or dropped.
///
/// Everything is done with plain AMQP. What is only looked at is given back. RabbitMQ counts that against the
/// queue's delivery limit; `NAME.dead` has none of its own, and ``visit(isInterrupted:progress:_:)`` refuses to look
/// where a policy sets one. The order in the queue stays if a pass ends as it should. After one that was cut off, the
/// letters that it had seen may lie behind the others: whoever shows letters sorts them (``DeadLetter/looks``).
public struct DeadLetterBox: Sendable {
    /// What becomes of a letter.
    public enum Verdict: Hashable, Sendable {
        /// It stays where it is.
        case leave
        /// It is deleted.
        case drop
        /// A copy goes to the consumer's queue, and when the broker has confirmed it the letter is deleted.
        case requeue
    }

    /// How far a pass has come.
    public struct Tally: Hashable, Sendable {
        /// How many letters lay in the queue at the beginning; it looks at so many and not at those that come
        /// later, or what fails again at once would be requeued for ever.
        public var present = 0
        public var seen = 0
        public var requeued = 0
        public var dropped = 0
        /// Letters whose copies the broker did not store; they stay.
        public var refused = 0
        /// Whether the broker takes no messages at the moment.
        public var isBlocked = false
        /// Whether it was asked to end before all were seen.
        public var isInterrupted = false

        public init() {}

        /// How many have gone.
        public var removed: Int { requeued + dropped }
    }

    /// How it is known that looking at letters deletes none of them.
    public enum LimitCheck: Hashable, Sendable {
        /// A queue of a similar name is tried before each pass (``DeliveryLimitProbe``). A policy whose pattern
        /// matches the name of the one queue only is not found.
        case probe
        /// The same, if the user has the permissions for it: the caller has asked the management API, which may not
        /// know of a change of the last seconds.
        case probeIfPermitted
        /// The caller knows that no policy limits deliveries.
        case done
    }

    /// The consumer's queue.
    public let queue: String
    private let limitCheck: LimitCheck
    private let topology: ConsumerTopology
    private let configuration: BrokerConfiguration

    /// - Parameters:
    ///   - queue: the consumer's queue, without `.dead`.
    ///   - configuration: what is larger than its `largestBody` is shown without its body, and stays.
    ///   - limitCheck: how it is known that looking deletes nothing.
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/invalidValue`` for an impossible name.
    public init(
        queue: String, _ configuration: BrokerConfiguration, limitCheck: LimitCheck = .probe
    ) throws(BrokerError) {
        self.queue = queue
        self.limitCheck = limitCheck
        self.configuration = configuration
        topology = try ConsumerTopology(queue: queue, patterns: [])
    }

    /// Looks at the letters that lie there now, in order, and does with each what is decided.
    ///
    /// Memory does not grow with their number: what is on its way to the queue is bounded by the
    /// configuration's window. A pass that is interrupted, or broken off by anything, has lost nothing: a
    /// letter is deleted after its copy was confirmed. At worst a copy is there twice, with the same id.
    ///
    /// - Parameters:
    ///   - isInterrupted: asked often; where it says so, what is in hand is finished and nothing more taken.
    ///   - progress: told now and then, on the connection's thread.
    ///   - decide: called once a letter, on the connection's thread.
    /// - Throws: ``BrokerError``: `notFound` where there is no such queue, `topologyMismatch` where the queue
    ///   of the dead letters was declared otherwise than the contract says, or a policy limits deliveries, so
    ///   that looking at it would delete from it.
    public func visit(
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
        let (topology, configuration) = (topology, configuration)
        let admin = BrokerAdmin(configuration)
        let (tally, held) = try await admin.perform(receivesOnly: true) { channel throws(BrokerError) in
            let pass = DeadLetterPass(
                topology, configuration, isInterrupted: isInterrupted, progress: progress, decide: decide)
            return try pass.run(channel)
        }
        let dead = topology.name(of: .dead)
        try await admin.perform { channel throws(BrokerError) in try channel.awaitCount(of: held, in: dead) }
        return tally
    }

    private func checkLimit() async throws(BrokerError) {
        let probe = DeliveryLimitProbe(topology)
        let limit = try await BrokerAdmin(configuration).perform { channel throws(BrokerError) in
            try probe.limit(channel)
        }
        if let limit { throw .deliveryLimit(limit, of: topology.name(of: .dead)) }
    }

    /// On a connection of its own, since a refusal ends it.
    private func checkDeclaration() async throws(BrokerError) {
        guard let dead = topology.queues.last else { return }
        let admin = BrokerAdmin(configuration)
        switch try await admin.compare(dead) {
        case .same, .hidden: break
        case .missing(let words): throw BrokerError(.notFound, words, replyCode: 404)
        case .different(let words):
            throw BrokerError(
                .topologyMismatch,
                "\(dead.name) was declared otherwise than the contract says, and looking at it could delete "
                    + "from it: \(words)", replyCode: 406)
        }
    }
}

extension BrokerError {
    /// A policy limits how often a dead letter can be looked at.
    ///
    /// - Parameters:
    ///   - limit: the policy's.
    ///   - queue: that of the dead letters.
    ///   - policies: their names, if they are known.
    public static func deliveryLimit(
        _ limit: Int, of queue: String, policies: [String] = []
    ) -> BrokerError {
        BrokerError(
            .topologyMismatch,
            (policies.isEmpty ? "a policy" : "the policy \(policies.joined(separator: " or "))")
                + " gives \(queue) the delivery-limit \(limit): a look counts as a delivery, and RabbitMQ would delete "
                + "letters that were looked at more often. Nothing was looked at. Take the delivery-limit out of the "
                + "policy (rabbitmqctl list_policies and list_operator_policies show it), or let its pattern not match "
                + "\(queue)")
    }
}
