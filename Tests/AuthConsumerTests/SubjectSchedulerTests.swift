// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Testing

@testable import AuthConsumer

@Suite struct SubjectSchedulerTests {
    private func delivery(_ number: Int, _ subject: String? = nil, count: Int = 0) -> Delivery {
        Delivery(
            message: .test(number, subject: subject), redelivered: count > 0, deliveryCount: count,
            tag: Delivery.Tag(epoch: 1, number: UInt64(number)))
    }

    private func started(_ table: inout SubjectScheduler) -> UInt64? { table.next()?.delivery.tag.number }

    @Test func `the next delivery of a subject starts once the previous one has ended`() {
        var table = SubjectScheduler(concurrency: 8)
        for delivery in [delivery(1, "a"), delivery(2, "a"), delivery(3, "b"), delivery(4), delivery(5)] {
            table.add(delivery)
        }
        #expect([started(&table), started(&table), started(&table), started(&table)] == [1, 3, 4, 5])
        #expect(started(&table) == nil)
        #expect(table.depth == 1)
        table.finish(.subject("b"))
        #expect(started(&table) == nil)
        table.finish(.subject("a"))
        #expect(started(&table) == 2)
        #expect(table.depth == 0)
    }

    @Test func `a subject that equals a message id is kept separate`() {
        var table = SubjectScheduler(concurrency: 8)
        let message = delivery(1)
        table.add(message)
        table.add(delivery(2, message.message.messageID))
        #expect(started(&table) == 1)
        #expect(started(&table) == 2)
    }

    @Test func `a possiblePoison delivery waits for all running ones, and all others wait for it`() {
        var table = SubjectScheduler(concurrency: 8)
        table.add(delivery(1, "a"))
        table.add(delivery(2, "b", count: 2))
        table.add(delivery(3, "c"))
        #expect(started(&table) == 1)
        #expect(started(&table) == nil)
        table.finish(.subject("a"))
        #expect(started(&table) == 2)
        #expect(started(&table) == nil)
        table.finish(.subject("b"))
        #expect(started(&table) == 3)
    }

    @Test
    func `after many redeliveries, a delivery does not wait for others of its subject, which may never end`()
    {
        var first: Set<UInt64> = []
        for _ in 0..<200 {
            var table = SubjectScheduler(concurrency: 8)
            for number in 1...3 { table.add(delivery(number, "a", count: 4)) }
            if let number = started(&table) { first.insert(number) }
            #expect(started(&table) == nil)
        }
        #expect(first == [1, 2, 3])
        var table = SubjectScheduler(concurrency: 8)
        for number in 1...2 { table.add(delivery(number, "a", count: 3)) }
        #expect(started(&table) == 1)
    }

    @Test(arguments: [0, 1, 2, 4, 19, 20])
    func `a strict queue keeps its order for any delivery count`(
        _ count: Int
    ) {
        for _ in 0..<50 {
            var table = SubjectScheduler(concurrency: 1, isStrict: true)
            let subjects = ["a", "b", "a", nil, "b", "c", "a", "a", nil, "b"]
            for (index, subject) in subjects.enumerated() {
                // The first ones were delivered more often, as after crashes of a worker.
                table.add(delivery(index + 1, subject, count: max(0, count - index / 3)))
            }
            var order: [UInt64] = []
            while let next = table.next() {
                order.append(next.delivery.tag.number)
                table.finish(next.lane)
            }
            #expect(order == Array(1...10))
        }
    }

    @Test func `in a strict queue a possiblePoison delivery is handled alone and in order`() {
        var table = SubjectScheduler(concurrency: 8, isStrict: true)
        for delivery in [delivery(1, "a"), delivery(2, "b", count: 5), delivery(3, "a"), delivery(4, "c")] {
            table.add(delivery)
        }
        #expect(started(&table) == 1)
        #expect(started(&table) == nil)
        table.finish(.subject("a"))
        #expect(started(&table) == 2)
        #expect(started(&table) == nil)
        table.finish(.subject("b"))
        #expect([started(&table), started(&table)] == [3, 4])
    }

    @Test func `any of several possiblePoison deliveries may be the first`() {
        var first: Set<UInt64> = []
        for _ in 0..<200 {
            var table = SubjectScheduler(concurrency: 8)
            for number in 1...3 { table.add(delivery(number, count: 5)) }
            if let number = started(&table) { first.insert(number) }
        }
        #expect(first == [1, 2, 3])
    }
}
