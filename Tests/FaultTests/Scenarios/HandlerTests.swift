// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import Testing

@testable import AuthBroker

extension Faults {
    @Suite struct HandlerTests {
        @Test func `a message that always fails is retried and then dead-lettered; the others are handled`()
            async throws
        {
            let verdict = try await Trial("16", "handler that always fails for some messages").run { world in
                var dispatching = DispatcherSettings()
                dispatching.retries = RetrySchedule([.oneSecond, .oneSecond])
                // The ten fail again and again while nothing else arrives.
                dispatching.circuitBreaker = nil
                let poisoned = Locked<Set<UUID>>([])
                try await world.withRelay { _ in
                    try await world.write(200)
                    let rows = try await world.evidence(emptyingTap: false).commits
                    poisoned.change { $0 = Set(stride(from: 3, to: rows.count, by: 20).map { rows[$0].id }) }
                    try await world.withWorker(
                        nil, dispatching,
                        before: { if poisoned.value.contains($0.id) { throw Broken() } }
                    ) { _ in
                        try await eventually(within: .seconds(60), "the others were handled") {
                            try await world.effects.count() == rows.count - poisoned.value.count
                        }
                        try await eventually(within: .seconds(60), "the failing ones were dead-lettered") {
                            try await world.admin.messageCount(in: world.topology.name(of: .dead))
                                == poisoned.value.count
                        }
                    }
                    let letters = try await world.emptyDeadLetters()
                    for letter in letters {
                        #expect(letter.headers["auth-reason"] == .string("attempts-exhausted"))
                        #expect(letter.headers["auth-attempt"] == .integer(3))
                        #expect(letter.headers["auth-origin-key"] == .string("trial.happened"))
                    }
                    world.dead.change { $0 = Set(letters.compactMap { UUID(uuidString: $0.messageID) }) }
                    #expect(world.dead.value == poisoned.value)
                }
            }
            #expect(verdict.dead == 10)
        }

        private struct Broken: Error {}

        @Test func `a message whose handler times out is retried, and its worker continues`() async throws {
            try await Trial("20 b", "handler that never returns").run { world in
                var dispatching = DispatcherSettings()
                dispatching.concurrency = 1
                dispatching.handlerTimeout = .seconds(3)
                let stuck = Locked<CheckedContinuation<Void, Never>?>(nil)
                let attempts = Locked<[Int]>([])
                try await world.write(60)
                let rows = try await world.evidence(emptyingTap: false).commits
                // A signal without a subject, because a later one of the same subject would run concurrently with it.
                let id = try #require(rows.first { $0.subject == nil }).id
                try await world.withRelay { _ in
                    try await world.withWorker(
                        nil, dispatching,
                        before: { context in
                            guard context.id == id else { return }
                            attempts.change { $0.append(context.attempt) }
                            if context.attempt == 1 {
                                // The handler ignores its cancellation.
                                await withCheckedContinuation { (it: CheckedContinuation<Void, Never>) in
                                    stuck.change { $0 = it }
                                }
                                throw Broken()
                            }
                        }
                    ) { _ in
                        try await world.drain()
                        // All messages are handled while the first run still hangs.
                        #expect(try await world.effects.count() == rows.count)
                        #expect(attempts.value == [1, 2])
                        #expect(world.heard("HandlerTimeout"))
                        stuck.value?.resume()
                    }
                }
            }
        }

        @Test func `malformed messages are dead-lettered at once, and the others are handled`()
            async throws
        {
            try await Trial("17", "malformed and oversized bodies among valid ones").run { world in
                // Published directly to the worker's queue, without a commit.
                let door = PublishingConnection(
                    exchange: world.topology.exchange, declaresExchange: false, name: "stranger",
                    try world.settings, world.logger)
                try door.start()
                try await door.awaitReady()
                let bodies = [
                    "{no event", "", #"{"specversion":"1.0"}"#, String(repeating: "x", count: 2 << 20),
                ]
                try await world.withRelay { _ in
                    try await world.withWorker { _ in
                        for body in bodies {
                            try await world.write(40)
                            let message = SignalMessage(
                                routingKey: "main", messageID: UUID().uuidString, body: Data(body.utf8))
                            #expect(await door.submit([message]).outcomes() == [.confirmed])
                        }
                        try await world.drain()
                        try await eventually(within: .seconds(60), "they were dead-lettered") {
                            try await world.admin.messageCount(in: world.topology.name(of: .dead)) == 4
                        }
                    }
                }
                await door.stop()
                let reasons = try await world.emptyDeadLetters().compactMap {
                    $0.headers["auth-reason"]?.string
                }
                #expect(reasons.sorted() == ["malformed", "malformed", "malformed", "too-large"])
            }
        }

        @Test(arguments: [false, true])
        func `a handler that is slower than the broker's consumer timeout has one effect`(isStrict: Bool)
            async throws
        {
            let trial =
                isStrict
                ? Trial(
                    "20 c", "handler slower than the consumer timeout, single active worker: strict order")
                : Trial("20", "handler slower than the broker's consumer timeout")
            try await trial.run(singleActive: isStrict) { world in
                world.isStrict.change { $0 = isStrict }
                // Channels read both settings when they are opened.
                try await world.broker.ctl(
                    "eval",
                    "application:set_env(rabbit, consumer_timeout, 2000), "
                        + "application:set_env(rabbit, channel_tick_interval, 500).")
                let slow = Locked(2)
                try await world.write(60)
                try await world.withRelay { _ in
                    try await world.withWorker(
                        before: { _ in
                            let isSlow = slow.change { left in
                                left -= 1
                                return left >= 0
                            }
                            guard isSlow else { return }
                            try await eventually(within: .seconds(60), "the consumer timeout was reached") {
                                world.hasReachedConsumerTimeout
                            }
                        }
                    ) { _ in
                        try await eventually(within: .seconds(60), "the broker ended the consumer") {
                            world.hasReachedConsumerTimeout
                        }
                        try await world.drain()
                    }
                }
                try await world.broker.ctl(
                    "eval",
                    "application:set_env(rabbit, consumer_timeout, 1800000), "
                        + "application:set_env(rabbit, channel_tick_interval, 60000).")
            }
        }
    }
}

extension TrialWorld {
    /// RabbitMQ up to 4.2 closes the channel with 406; from 4.3 on it cancels the consumer of a quorum queue.
    fileprivate var hasReachedConsumerTimeout: Bool {
        heard("PRECONDITION_FAILED") || heard("consumer_timeout")
    }
}
