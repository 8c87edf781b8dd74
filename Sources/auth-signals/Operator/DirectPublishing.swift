// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthBrokerTools
import AuthServiceKit
import AuthSignals
import Logging
import ServiceLifecycle

/// Publishing from an operator's command, without the outbox and the relay: nothing is stored, and each message's
/// outcome is returned to the command.
enum DirectPublishing {
    /// Runs `body` with a publisher to one consumer's queue: no other consumer receives the messages.
    ///
    /// - Throws: `ProcessFailure` if the consumer does not exist, `BrokerError` if the broker is not reachable, or what
    ///   `body` throws.
    static func toQueue<Answer>(
        _ queue: String, _ settings: BrokerSettings, _ body: (QueuePublisher) async throws -> Answer
    ) async throws -> Answer {
        try await checkConsumer(of: queue, settings)
        let publisher = try QueuePublisher(to: queue, settings, logger: silent)
        return try await whileRunning(publisher) {
            try await publisher.awaitReady(within: settings.connectTimeout)
            return try await body(publisher)
        }
    }

    /// Runs `body` with a publisher to the signals' exchange.
    ///
    /// - Throws: `BrokerError` if the broker is not reachable, or what `body` throws.
    static func toExchange<Answer>(
        _ settings: BrokerSettings, _ body: (BrokerPublisher) async throws -> Answer
    ) async throws -> Answer {
        // A single attempt, since the publisher itself would try again until the time-out.
        try await BrokerAdmin(settings).check()
        let publisher = BrokerPublisher(settings, logger: silent)
        return try await whileRunning(publisher) {
            try await publisher.awaitReady(within: settings.connectTimeout)
            return try await body(publisher)
        }
    }

    /// Runs a publisher until `body` has returned; then it waits for what is in flight.
    private static func whileRunning<Answer>(
        _ publisher: some Service, _ body: () async throws -> Answer
    ) async throws -> Answer {
        let running = Task { try await publisher.run() }
        defer { running.cancel() }
        let answer = try await body()
        running.cancel()
        try await running.value
        return answer
    }

    private static func checkConsumer(of queue: String, _ settings: BrokerSettings) async throws {
        let topology = try ConsumerTopology(queue: queue, patterns: [])
        let state = try await BrokerAdmin(settings).compare(exchange: topology.exchange, type: "direct")
        if case .missing = state {
            throw ProcessFailure(
                .failed, "consumer \(queue) does not exist: it has no exchange \(topology.exchange)")
        }
    }

    /// The commands report errors themselves.
    private static var silent: Logger { Logger(label: "", factory: { _ in SwiftLogNoOpLogHandler() }) }
}

extension PublishOutcome {
    /// The outcome in a command's output.
    var word: String {
        switch self {
        case .confirmed: "confirmed"
        case .returned: "unrouted"
        case .nacked: "nacked"
        case .unknown: "unknown"
        case .closed: "closed"
        case .refused: "refused"
        }
    }

    /// Why the message was not confirmed, for a command's output; nil if it was.
    ///
    /// - Parameter status: the publisher's, which has the cause of a connection's end.
    func reason(_ status: BrokerStatus) -> String? {
        switch (self, status) {
        case (.confirmed, _): nil
        case (.unknown, .connecting(let error?)), (.closed, .connecting(let error?)): error.message
        case (.unknown(let reason), _), (.refused(let reason), _), (.closed(_, let reason), _): reason
        case (.returned(let code, let text), _): "not routed to a queue (\(code) \(text))"
        case (.nacked, _): "nacked; the queue may be full"
        }
    }
}
