// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthSignals
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import Logging
import Testing
import ToolSupport

/// A broker with random protocol errors may cost connections, but never crashes the process or loses a message.
@Suite(.serialized) struct ErringBrokerTests {
    /// The number of errors that the broker makes in one test.
    private static let errors = 80
    /// Discards the log, which would only contain lost and new connections.
    private let logger = Logger(label: "erring") { _ in SwiftLogNoOpLogHandler() }

    private func settings(_ broker: ErringBroker, _ seed: UInt64) -> BrokerSettings {
        var settings = BrokerSettings(
            urls: [BrokerURL(host: "127.0.0.1", port: Int(broker.port))])
        settings.firstPause = .milliseconds(1)
        settings.longestPause = .milliseconds(20)
        settings.answerTimeout = .seconds(2)
        settings.confirmTimeout = .seconds(5)
        settings.prefetch = 16
        // With odd seeds the prefetch grows, with a new consumer for each size.
        settings.firstPrefetch = seed.isMultiple(of: 2) ? 16 : 1
        return settings
    }

    private func messages(_ count: Int, _ random: inout SeededGenerator) throws -> [SignalMessage] {
        try (0..<count).map { number in
            let subject = random.oneIn(4) ? nil : "person-\(Int.random(in: 0..<8, using: &random))"
            let draft = try TrialCodec.codec.draft(
                TrialHappened(number: number, subject: subject), at: Date())
            return TrialCodec.codec.message(for: OutboxRow(sequence: Int64(number), draft: draft))
        }
    }

    /// Prints the seed before the test, so that it is known even if the process crashes.
    private func announce(_ what: String, _ seed: UInt64) {
        FileHandle.standardError.write(Data("erring broker and \(what): seed \(seed)\n".utf8))
    }

    @Test(arguments: TestSeed.many(2))
    func `a worker handles every message despite random protocol errors of the broker`(_ seed: UInt64)
        async throws
    {
        announce("worker", seed)
        let broker = try ErringBroker(seed: seed)
        defer { broker.close() }
        var random = SeededGenerator(seed: seed)
        let handled = Locked<Set<String>>([])
        var handlers = SignalHandlers()
        handlers.on(TrialHappened.self, as: "seen") { _, context in
            handled.change { _ = $0.insert(context.id.wireText) }
        }
        let source = BrokerSource(
            try ConsumerTopology(queue: "work", patterns: ["#"]), settings(broker, seed), logger: logger)
        let dispatcher = SignalDispatcher(from: source, handlers: handlers, inbox: nil, logger: logger)
        let running = [
            Task { try await source.run() }, Task { try await dispatcher.run() },
        ]
        defer { for task in running { task.cancel() } }

        broker.setErring(true)
        while broker.errors.values.reduce(0, +) < Self.errors {
            let more = try messages(20, &random).map {
                ErringBroker.Message(id: $0.messageID, routingKey: $0.routingKey, body: Array($0.body))
            }
            broker.put(more)
            let errors = broker.errors.values.reduce(0, +)
            try await eventually(within: .seconds(60), "the broker made more errors, or its queue was empty")
            {
                broker.left < 20 || broker.errors.values.reduce(0, +) >= errors + 20
            }
        }
        broker.setErring(false)
        try await eventually(within: .seconds(60), "every message was settled: \(broker.left) left") {
            broker.left == 0
        }

        #expect(broker.faults == [], "seed \(seed)")
        let (seen, moved) = (handled.value, broker.storedBodies)
        let lost = broker.settled.filter { message in
            !message.wasDamaged && !seen.contains(message.id) && !moved.contains(message.body)
        }
        #expect(lost.map(\.id) == [], "seed \(seed)")
        #expect(seen.count > 50, "seed \(seed)")
        #expect(broker.errors.count > 10, "seed \(seed): too few kinds of errors to prove anything")
    }

    @Test(arguments: TestSeed.many(2))
    func `every confirmed message is stored despite random protocol errors of the broker`(
        _ seed: UInt64
    ) async throws {
        announce("publisher", seed)
        let broker = try ErringBroker(seed: seed)
        defer { broker.close() }
        var random = SeededGenerator(seed: seed)
        let publisher = BrokerPublisher(settings(broker, seed), logger: logger)
        let running = Task { try await publisher.run() }
        defer { running.cancel() }

        broker.setErring(true)
        var waiting: [SignalMessage] = []
        var confirmed: Set<String> = []
        var isLast = false
        while !isLast {
            isLast = broker.errors.values.reduce(0, +) >= Self.errors
            if isLast { broker.setErring(false) }
            waiting += try messages(Int.random(in: 1...60, using: &random), &random)
            repeat {
                try await publisher.awaitReady()
                let outcomes = await publisher.publish(waiting)
                #expect(outcomes.count == waiting.count)
                let settled = zip(waiting, outcomes).filter { $0.1 == .confirmed }.map(\.0.messageID)
                confirmed.formUnion(settled)
                waiting.removeAll { confirmed.contains($0.messageID) }
            } while isLast && !waiting.isEmpty
        }

        let stored = broker.stored
        #expect(confirmed.filter { stored[$0] == nil } == [], "seed \(seed)")
        #expect(confirmed.count > 50, "seed \(seed)")
        #expect(broker.connections > 5, "seed \(seed)")
        #expect(broker.errors.count > 6, "seed \(seed): too few kinds of errors to prove anything")
    }
}
