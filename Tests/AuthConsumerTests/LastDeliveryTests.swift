// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// Messages that the broker would dead-letter after one more return to the queue.
@Suite struct LastDeliveryTests {
    private let bench = DispatcherBench()
    private let id = UUID.version7()

    private func deliver(_ count: Int) async throws {
        bench.on()
        bench.send(.test(1, subject: "one", id: id), deliveryCount: count)
        try await bench.running { try await bench.untilSettled() }
    }

    @Test
    func `a message that a handler started but never finished is dead-lettered with the handler's name`()
        async throws
    {
        try await bench.inbox.noteBegun(handler: "recorder", messageID: id, at: Date())
        try await deliver(Delivery.mostReturns)
        #expect(bench.recorder.entries.isEmpty)
        let letter = try #require(bench.dead.first)
        #expect(letter.headers["auth-reason"] == .string("delivery-limit"))
        #expect(letter.headers["auth-error"] == .string("WorkerEnded while recorder ran"))
    }

    @Test func `a message that no handler started is handled with a new delivery count`() async throws {
        try await deliver(Delivery.mostReturns)
        #expect(bench.dead.isEmpty)
        #expect(bench.recorder.entries.map(\.event.id) == [id])
    }

    @Test func `in a strictly ordered queue a message that no handler started is handled in order`()
        async throws
    {
        let strict = DispatcherBench(strictlyOrdered: true)
        strict.on()
        strict.send(.test(1, id: id), deliveryCount: Delivery.mostReturns)
        strict.send(.test(2))
        try await strict.running { try await strict.untilSettled() }
        #expect(strict.dead.isEmpty)
        #expect(strict.recorder.entries.compactMap(\.event.sequence) == [1, 2])
    }

    @Test func `a message that its handler has finished is acknowledged`() async throws {
        try await bench.inbox.noteBegun(handler: "recorder", messageID: id, at: Date())
        try await bench.inbox.markDone(handler: "recorder", messageID: id, at: Date())
        try await deliver(Delivery.mostReturns)
        #expect(bench.dead.isEmpty)
        #expect(bench.recorder.entries.isEmpty)
    }

    @Test func `the start of a handler is recorded for redelivered messages`() async throws {
        let other = UUID.version7()
        bench.send(.test(2, id: other))
        try await deliver(1)
        #expect(try await bench.inbox.begun(messageID: id) == ["recorder"])
        #expect(try await bench.inbox.begun(messageID: other) == [])
    }

    @Test func `a message whose retry copy is permanently refused is dead-lettered`()
        async throws
    {
        bench.on { event, _ in if event.sequence == 1 { throw SignalVerdict.reject("no") } }
        bench.broker.answer { message in
            message.headers["auth-reason"] == nil ? .route : .refuse("too large for a frame")
        }
        bench.send(.test(1))
        for number in 2...9 { bench.send(.test(number)) }
        try await bench.running { try await bench.untilSettled() }
        #expect(bench.recorder.entries.count == 9)
        #expect(bench.dead.count == 1)
        #expect(bench.dead.first?.headers["auth-reason"] == nil)
    }

    @Test func `a failure whose delivery can no longer be settled does not block a worker`() async throws {
        let gate = Gate()
        bench.on { event, context in
            if event.sequence == 1, context.attempt == 1 {
                await gate.wait()
                throw SignalVerdict.reject("no")
            }
        }
        bench.send(.test(1))
        try await bench.running {
            $0.concurrency = 1
        } _: {
            try await bench.recorder.wait { $0.count == 1 }
            bench.broker.dropConnections()
            gate.open()
            bench.send(.test(2))
            try await bench.untilSettled()
        }
        #expect(bench.dead.count == 1)
        #expect(bench.recorder.entries.compactMap(\.event.sequence).contains(2))
    }
}
