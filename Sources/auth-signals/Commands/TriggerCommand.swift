// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthServiceKit
import AuthSignals
import Foundation

struct TriggerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "trigger",
        abstract: "Publish a sample of a signal, to develop a subscriber without a browser.",
        discussion: """
            The data is that of the signal's example in the contract, with the members changed by --set. Each message
            has a new id and the current time; data.request.profile is 'sample'. Samples are published at once, without
            the outbox: `outbox list` and `outbox verify` do not know them.

            Samples are refused if SIGNALS_SOURCE is not the source of a development installation, unless --force is
            given. A development source is not set while the broker is on this host (then it is http://localhost),
            or its host is localhost, 127.x.x.x, ::1, example.com, example.net, example.org, a name below one of
            these, or a name that ends in .test, .example, .invalid or .local. Settings: SIGNALS_SOURCE and the
            other SIGNALS_… settings of messages, BROKER_URL, BROKER_EXCHANGE. The exit code is 1 if a sample was not stored in a queue.
            """)

    @Argument(help: "The signal's name, for example account.user_logged_in.")
    var name: String

    @Option(
        help: "Publish to this consumer's queue only; by default to every queue that is bound for the signal."
    )
    var to: String?

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            "Replace a member of the data: user.email=ada@example.org, methods='[\"password\"]'. The value is JSON, or "
                + "else a string; null removes an optional member. May be repeated.",
            valueName: "member=value"),
        transform: MemberAssignment.init(parsing:))
    var assignments: [MemberAssignment] = []

    @Option(help: "The number of messages.")
    var count = 1

    @Flag(help: "Publish even if SIGNALS_SOURCE is not the source of a development installation.")
    var force = false

    @Flag(help: "Print one JSON object per line.")
    var json = false

    /// The number of messages of a batch, which are in flight at the same time.
    private static let batchSize = 100

    func validate() throws {
        guard (1...1_000_000).contains(count) else {
            throw ValidationError("--count must be 1 to 1000000")
        }
        _ = try SampleSignal(name: name, assignments)
    }

    func run() async throws {
        let sample = try SampleSignal(name: name, assignments)
        var reader = ProcessEnvironment.settings()
        let isSourceSet = reader.string("SIGNALS_SOURCE") != nil
        let signals = SignalSettings(reading: &reader, defaultSource: "http://localhost")
        var broker = BrokerSettings(reading: &reader)
        broker.connectionName = "auth-signals operator"
        try reader.check()
        // Without a source of its own the shell tells nothing about the installation, but the broker's address may.
        if !force, !isSourceSet, let remote = broker.urls.first(where: { !Loopback.isHost($0.host) }) {
            throw ProcessFailure(
                .usage,
                "SIGNALS_SOURCE is not set, and the broker \(remote.host) is not on this host: set SIGNALS_SOURCE to "
                    + "that of a development installation, or use --force")
        }
        guard force || signals.isForDevelopment else {
            throw ProcessFailure(
                .usage,
                "SIGNALS_SOURCE is \(signals.source), which is not a development installation: its subscribers would "
                    + "handle the sample as an event of a real user; to publish it nevertheless, use --force")
        }
        let failure = try await ProcessFailure.convertingBrokerErrors {
            if let to {
                try await DirectPublishing.toQueue(to, broker) { publisher in
                    try await publish(sample, signals.codec, to: publisher) { publisher.status }
                }
            } else {
                try await DirectPublishing.toExchange(broker) { publisher in
                    try await publish(sample, signals.codec, to: publisher) { publisher.status }
                }
            }
        }
        if let failure { throw failure }
    }

    /// Publishes the samples and prints the outcome of each; ends with a batch whose outcome is unknown.
    ///
    /// - Returns: the command's failure, if a sample was not confirmed.
    private func publish(
        _ sample: SampleSignal, _ codec: SignalCodec, to publisher: some SignalPublisher,
        _ status: () -> BrokerStatus
    ) async throws -> ProcessFailure? {
        let interruption = await Interruption.listening()
        var sequence = Int64(saturating: Date().timeIntervalSince1970 * 1_000_000)
        var (published, confirmed) = (0, 0)
        // Set by a lost connection or a closed channel: later messages could only fail, too.
        var ending: ProcessFailure.Code?
        while published < count, ending == nil {
            if interruption.isRequested {
                return ProcessFailure(.failed, "interrupted after \(published) of \(count) samples")
            }
            var batch: [SignalMessage] = []
            for _ in 0..<min(Self.batchSize, count - published) {
                sequence = max(sequence &+ 1, 0)
                batch.append(try message(of: sample, codec, sequence))
            }
            let outcomes = await publisher.publish(batch)
            published += batch.count
            for (message, outcome) in zip(batch, outcomes) {
                let line = TriggerLine(message, outcome, reason: outcome.reason(status()))
                printLine(json ? try line.jsonText() : line.text)
                if outcome == .confirmed { confirmed += 1 }
                switch outcome {
                case .unknown: ending = ending ?? .unreachable
                case .closed: ending = .failed
                default: break
                }
            }
        }
        guard confirmed < count else { return nil }
        return ProcessFailure(
            ending ?? .failed,
            "\(count - confirmed) of \(count) samples were not stored in a queue")
    }

    private func message(
        of sample: SampleSignal, _ codec: SignalCodec, _ sequence: Int64
    ) throws -> SignalMessage {
        do {
            return try sample.message(codec, at: Date(), sequence: sequence)
        } catch let error as SignalError {
            throw ProcessFailure(.usage, error.message)
        }
    }
}

/// The output for a published sample.
private struct TriggerLine: Encodable {
    var id: String
    var name: String
    var outcome: String
    var reason: String?

    init(_ message: SignalMessage, _ outcome: PublishOutcome, reason: String?) {
        id = message.messageID
        name = message.type ?? message.routingKey
        self.outcome = outcome.word
        self.reason = reason
    }

    var text: String { [id, name, outcome, reason].compactMap(\.self).joined(separator: "  ") }
}
