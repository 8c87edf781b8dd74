// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import Synchronization
import Testing

@testable import AuthBroker
@testable import AuthBrokerTools

@Suite(.needsBroker) struct DeadLetterQueueTests {
    @Test func `reading the dead letters fifty times changes neither them nor their order`() async throws {
        try await BrokerWorld.withDeadLetters(70) { world, box in
            let first = try await box.all()
            #expect(first.map(\.id) == (0..<70).map { "letter-\($0)" })
            let box = try DeadLetterQueue(queue: world.topology.queue, world.direct, limitCheck: .done)
            for _ in 0..<49 { #expect(try await box.all() == first) }
            #expect(try await world.admin.depth(of: world.topology.name(of: .dead)) == 70)
        }
    }

    @Test
    func `a requeued dead letter keeps the contract's properties and headers, and its attempts are reset`()
        async throws
    {
        try await BrokerWorld.withDeadLetters(3) { world, box in
            let tally = try await box.visit { $0.id == "letter-1" ? .requeue : .leave }
            #expect(tally.requeued == 1)
            #expect(try await box.all().map(\.id) == ["letter-0", "letter-2"])
            let copy = try #require(try await world.take(from: world.topology.queue).first)
            #expect(copy.messageID == "letter-1")
            #expect(copy.body == Data("{\"n\":1}".utf8))
            #expect(copy.type == "account.user_logged_in")
            #expect(copy.correlationID == "c")
            #expect(copy.contentType == SignalCodec.contentType)
            #expect(copy.appID == "accounts.example.org")
            #expect(copy.timestamp == Date(timeIntervalSince1970: 1_700_000_001))
            #expect(copy.headers["subject"] == .string("subject-1"))
            #expect(copy.headers["traceparent"] == .string("00-1"))
            #expect(copy.headers["auth-handler"] == .string("mail"))
            #expect(copy.headers["auth-attempt"] == .integer(0))
            #expect(copy.headers["auth-error"] == .string("Oops"))
            #expect(copy.headers["auth-origin-key"] == .string("account.user_logged_in"))
            #expect(copy.headers["auth-reason"] == nil)
            #expect(copy.headers["auth-failed-at"] == nil)
            #expect(copy.headers.keys.allSatisfy { !$0.hasPrefix("x-") })
        }
    }

    @Test func `dropped dead letters are removed, the others stay in order`() async throws {
        try await BrokerWorld.withDeadLetters(100) { world, box in
            let tally = try await box.visit { $0.message.subject == "subject-7" ? .drop : .leave }
            #expect(tally.dropped == 1)
            #expect(tally.seen == 100)
            let left = try await box.all().map(\.id)
            #expect(left == (0..<100).filter { $0 != 7 }.map { "letter-\($0)" })
        }
    }

    @Test func `a message that is dead-lettered again during the pass is not requeued twice`() async throws {
        try await BrokerWorld.withDeadLetters(30) { world, box in
            // Simulates a consumer that dead-letters every message at once: the main queue's key also routes to the
            // dead-letter queue.
            let dead = world.topology.name(of: .dead)
            try await world.perform { channel throws(BrokerError) in
                try channel.bind(dead, to: world.topology.exchange, key: "main")
            }
            let tally = try await box.visit { _ in .requeue }
            #expect(tally.requeued == 30)
            #expect(try await world.admin.depth(of: world.topology.name(of: .dead)) == 30)
        }
    }

    @Test func `a dead letter whose copy is unroutable stays in the queue`() async throws {
        try await BrokerWorld.withDeadLetters(5) { world, box in
            try await world.perform { channel throws(BrokerError) in
                try channel.deleteQueue(world.topology.queue)
            }
            let tally = try await box.visit { _ in .requeue }
            #expect(tally.requeued == 0)
            #expect(tally.refused == 5)
            #expect(try await box.all().count == 5)
        }
    }

    @Test func `an interrupted pass loses nothing, and the next pass continues`() async throws {
        try await BrokerWorld.withDeadLetters(400) { world, box in
            let seen = Mutex(0)
            let tally = try await box.visit(isInterrupted: { seen.withLock { $0 >= 100 } }) { _ in
                seen.withLock { $0 += 1 }
                return .requeue
            }
            #expect(tally.isInterrupted)
            #expect(tally.requeued >= 100)
            #expect(tally.requeued < 400)
            #expect(try await box.visit { _ in .requeue }.requeued == 400 - tally.requeued)
            let copies = try await world.take(from: world.topology.queue)
            #expect(Set(copies.map(\.messageID)) == Set((0..<400).map { "letter-\($0)" }))
            #expect(copies.count == 400)
            #expect(try await world.deadCount() == 0)
        }
    }

    @Test func `finds dead letters although the queue reports a count of 0`() async throws {
        try await BrokerWorld.withDeadLetters(30) { world, box in
            // If the queue's leader does not answer within 0.25 s, RabbitMQ reports an empty queue.
            let leader = "'%2F_\(world.topology.name(of: .dead))'"
            try await world.broker.evaluate(
                """
                P = whereis(\(leader)), ok = sys:suspend(P),
                spawn(fun() -> timer:sleep(5000), sys:resume(P) end)
                """)
            #expect(try await world.deadCount() == 0)
            #expect(try await box.visit { _ in .requeue }.requeued == 30)
        }
    }

    @Test func `dead letters that stay keep their order, even if most of the others are removed`()
        async throws
    {
        try await BrokerWorld.withDeadLetters(9000) { world, box in
            let tally = try await box.visit { letter in
                guard let number = Int(letter.id.dropFirst("letter-".count)) else { return .leave }
                switch number % 7 {
                case 0: return .requeue
                case 1: return .drop
                default: return number > 6000 && number % 50 != 2 ? .requeue : .leave
                }
            }
            #expect(tally.seen == 9000)
            let left = try await box.all().map(\.id)
            #expect(left.count == 9000 - tally.removed)
            #expect(left == left.sorted { $0.localizedStandardCompare($1) == .orderedAscending })
            let copies = try await world.take(from: world.topology.queue).map(\.messageID)
            #expect(copies.count == tally.requeued)
            #expect(copies == copies.sorted { $0.localizedStandardCompare($1) == .orderedAscending })
        }
    }

    @Test func `a lost connection during a pass leaves the dead letters in order`() async throws {
        try await BrokerWorld.withDeadLetters(1500) { world, box in
            let throughProxy = try DeadLetterQueue(queue: world.topology.queue, world.settings)
            let error = try await #require(throws: BrokerError.self) {
                _ = try await throughProxy.visit { letter in
                    if letter.id == "letter-1400" { world.proxy.cut() }
                    return .leave
                }
            }
            #expect(error.code == .connectionLost)
            try await eventually("the dead letters are back in the queue") {
                try await world.deadCount() == 1500
            }
            #expect(try await box.all().map(\.id) == (0..<1500).map { "letter-\($0)" })
        }
    }

    @Test func `does not wait for dead letters that another consumer takes`() async throws {
        try await BrokerWorld.withDeadLetters(2000) { world, box in
            let dead = world.topology.name(of: .dead)
            let others = Mutex(0)
            let tally = try await box.visit { letter in
                if letter.id == "letter-0" {
                    let taken = try? world.takeAtOnce(from: dead)
                    others.withLock { $0 = taken ?? 0 }
                }
                return .drop
            }
            #expect(others.withLock { $0 } > 0)
            #expect(tally.dropped == 2000 - others.withLock { $0 })
            #expect(try await world.deadCount() == 0)
        }
    }

    @Test
    func
        `after a lost connection, counting reads restores the order of dead letters`()
        async throws
    {
        try await BrokerWorld.withDeadLetters(1500) { world, box in
            let first = try await box.all()
            #expect(first.map(\.id) == (0..<1500).map { "letter-\($0)" })
            for cut in [700, 300] {
                let throughProxy = try DeadLetterQueue(
                    queue: world.topology.queue, world.settings, limitCheck: .done)
                let seen = Mutex(0)
                await #expect(throws: BrokerError.self) {
                    _ = try await throughProxy.visit { _ in
                        let count = seen.withLock { seen in
                            seen += 1
                            return seen
                        }
                        if count == cut { world.proxy.cut() }
                        return .leave
                    }
                }
                try await eventually("the dead letters are back in the queue") {
                    try await world.deadCount() == 1500
                }
            }
            let looks = Mutex<[(String, Int)]>([])
            _ = try await box.visit { letter in
                looks.withLock { $0.append((letter.id, letter.looks)) }
                return .leave
            }
            let sorted = looks.withLock { $0 }.enumerated().sorted { left, right in
                (-left.element.1, left.offset) < (-right.element.1, right.offset)
            }
            // The first dead letter is fetched separately, and RabbitMQ 4 returns it after the others.
            let ids = sorted.map(\.element.0).filter { $0 != "letter-0" }
            #expect(ids == (1..<1500).map { "letter-\($0)" })
        }
    }

    @Test(arguments: ["^NAME", "", "dead$", #"^NAME\.dead"#])
    func `refuses to read, on every attempt, if a policy limits deliveries`(pattern: String) async throws {
        // A pattern that could match the queues of other tests is prefixed with this queue's name.
        try await BrokerWorld.withDeadLetters(3) { world, box in
            let queue = world.topology.queue
            let pattern =
                pattern.contains("NAME") ? pattern.replacing("NAME", with: queue) : "\(queue).*\(pattern)"
            try await world.broker.setPolicy(queue, pattern, #"{"delivery-limit":3}"#)
            for _ in 0..<6 {
                let error = try await #require(throws: BrokerError.self) { try await box.all() }
                #expect(error.code == .topologyMismatch)
                #expect(error.message.contains("delivery-limit 3"))
            }
            try await world.broker.clearPolicy(queue)
            #expect(try await box.all().map(\.id) == ["letter-0", "letter-1", "letter-2"])
            #expect(try await world.admin.depth(of: world.topology.name(of: .dead)) == 3)
            // The temporary queue of the policy check is deleted.
            try await eventually("the temporary queue is deleted") {
                try await !world.broker.queueNames().contains { $0.hasPrefix("\(queue).dead.limit") }
            }
        }
    }

    @Test func `names a missing queue`() async throws {
        try await BrokerWorld.with { world in
            let box = try DeadLetterQueue(queue: world.topology.queue, world.direct)
            let error = try await #require(throws: BrokerError.self) { try await box.all() }
            #expect(error.code == .notFound)
            #expect(error.message.contains(world.topology.queue + ".dead"))
        }
    }

    @Test func `refuses to read a queue whose delivery limit would lose dead letters`() async throws {
        try await BrokerWorld.with { world in
            let name = world.topology.name(of: .dead)
            _ = try await world.perform { channel throws(BrokerError) in
                try channel.declareQueue(
                    name, ["x-queue-type": .string("quorum"), "x-delivery-limit": .integer(3)])
            }
            let box = try DeadLetterQueue(queue: world.topology.queue, world.direct)
            let error = try await #require(throws: BrokerError.self) { try await box.all() }
            #expect(error.code == .topologyMismatch)
            #expect(error.message.contains("x-delivery-limit"))
        }
    }

    @Test func `a dead letter over the size limit is listed without its body and can be dropped`()
        async throws
    {
        try await BrokerWorld.withDeadLetters(0) { world, _ in
            try await world.putDead([
                SignalMessage(
                    routingKey: "dead", messageID: "large", body: Data(repeating: 32, count: 50_000))
            ])
            var small = world.direct
            small.largestBody = 1000
            let box = try DeadLetterQueue(queue: world.topology.queue, small)
            #expect(try await box.all().map(\.bodySize) == [50_000])
            #expect(try await box.visit { _ in .requeue }.refused == 1)
            #expect(try await box.visit { _ in .drop }.dropped == 1)
        }
    }
}

extension DeadLetterQueue {
    /// All dead letters, in order.
    fileprivate func all() async throws -> [DeadLetter] {
        let seen = Mutex<[DeadLetter]>([])
        _ = try await visit { letter in
            // The broker's delivery count changes with every read.
            var letter = letter
            letter.message.headers["x-delivery-count"] = nil
            seen.withLock { $0.append(letter) }
            return .leave
        }
        return seen.withLock { $0 }
    }
}

extension BrokerWorld {
    /// Runs the body in a world whose consumer has `count` dead letters.
    fileprivate static func withDeadLetters(
        _ count: Int, _ body: @Sendable (BrokerWorld, DeadLetterQueue) async throws -> Void
    ) async throws {
        try await with { world in
            try await world.admin.declareExchange()
            try await world.admin.declare(world.topology)
            try await world.putDead(
                (0..<count).map { number in
                    SignalMessage(
                        routingKey: "dead", messageID: "letter-\(number)", correlationID: "c",
                        type: "account.user_logged_in", contentType: SignalCodec.contentType,
                        timestamp: Date(timeIntervalSince1970: 1_700_000_000 + Double(number)),
                        appID: "accounts.example.org",
                        headers: [
                            "subject": .string("subject-\(number)"), "traceparent": .string("00-1"),
                            "auth-handler": .string("mail"), "auth-attempt": .integer(28),
                            "auth-error": .string("Oops"), "auth-reason": .string("attempts-exhausted"),
                            "auth-origin-key": .string("account.user_logged_in"),
                            "auth-failed-at": .string("2026-11-23T08:00:00.000Z"),
                            "x-first-death-queue": .string("somewhere"),
                        ], body: Data("{\"n\":\(number)}".utf8))
                })
            try await body(world, DeadLetterQueue(queue: world.topology.queue, world.direct))
        }
    }

    fileprivate func putDead(_ letters: [SignalMessage]) async throws {
        let exchange = topology.exchange
        try await perform { channel throws(BrokerError) in
            try channel.selectConfirms()
            let stored = try channel.publishAll(letters, exchange: exchange)
            #expect(stored == letters.count)
        }
    }

    /// Takes all messages from a queue on the caller's thread; returns their number.
    fileprivate func takeAtOnce(from queue: String) throws(BrokerError) -> Int {
        let channel = Channel(try ConnectionHandle())
        try channel.openFirstReachable(direct)
        defer { channel.close(within: .seconds(1)) }
        // A count of 0 may be wrong: see `depth(of:)`.
        var count = 0
        for _ in 0..<5 where count == 0 { count = try channel.declareQueue(queue, isPassive: true) }
        return try channel.take(count, from: queue).count
    }

    fileprivate func deadCount() async throws -> Int {
        try await admin.messageCount(in: topology.name(of: .dead))
    }
}
