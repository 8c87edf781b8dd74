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

    private func started(_ scheduler: inout SubjectScheduler) -> UInt64? {
        scheduler.next()?.delivery.tag.number
    }

    @Test func `the next delivery of a subject starts once the previous one has ended`() {
        var scheduler = SubjectScheduler(concurrency: 8)
        for delivery in [delivery(1, "a"), delivery(2, "a"), delivery(3, "b"), delivery(4), delivery(5)] {
            scheduler.add(delivery)
        }
        #expect(
            [started(&scheduler), started(&scheduler), started(&scheduler), started(&scheduler)] == [
                1, 3, 4, 5,
            ])
        #expect(started(&scheduler) == nil)
        #expect(scheduler.depth == 1)
        scheduler.finish(.subject("b"))
        #expect(started(&scheduler) == nil)
        scheduler.finish(.subject("a"))
        #expect(started(&scheduler) == 2)
        #expect(scheduler.depth == 0)
    }

    @Test func `a subject that equals a message id is kept separate`() {
        var scheduler = SubjectScheduler(concurrency: 8)
        let message = delivery(1)
        scheduler.add(message)
        scheduler.add(delivery(2, message.message.messageID))
        #expect(started(&scheduler) == 1)
        #expect(started(&scheduler) == 2)
    }

    @Test func `a possible poison delivery waits for all running ones, and all others wait for it`() {
        var scheduler = SubjectScheduler(concurrency: 8)
        scheduler.add(delivery(1, "a"))
        scheduler.add(delivery(2, "b", count: 2))
        scheduler.add(delivery(3, "c"))
        #expect(started(&scheduler) == 1)
        #expect(started(&scheduler) == nil)
        scheduler.finish(.subject("a"))
        #expect(started(&scheduler) == 2)
        #expect(started(&scheduler) == nil)
        scheduler.finish(.subject("b"))
        #expect(started(&scheduler) == 3)
    }

    @Test
    func `after many redeliveries, a delivery does not wait for others of its subject, which may never end`()
    {
        var first: Set<UInt64> = []
        for _ in 0..<200 {
            var scheduler = SubjectScheduler(concurrency: 8)
            for number in 1...3 { scheduler.add(delivery(number, "a", count: 4)) }
            if let number = started(&scheduler) { first.insert(number) }
            #expect(started(&scheduler) == nil)
        }
        #expect(first == [1, 2, 3])
        var scheduler = SubjectScheduler(concurrency: 8)
        for number in 1...2 { scheduler.add(delivery(number, "a", count: 3)) }
        #expect(started(&scheduler) == 1)
    }

    @Test(arguments: [0, 1, 2, 4, 19, 20])
    func `a strict queue keeps its order for any delivery count`(
        _ count: Int
    ) {
        for _ in 0..<50 {
            var scheduler = SubjectScheduler(concurrency: 1, isStrict: true)
            let subjects = ["a", "b", "a", nil, "b", "c", "a", "a", nil, "b"]
            for (index, subject) in subjects.enumerated() {
                // The first ones were delivered more often, as after crashes of a worker.
                scheduler.add(delivery(index + 1, subject, count: max(0, count - index / 3)))
            }
            var order: [UInt64] = []
            while let next = scheduler.next() {
                order.append(next.delivery.tag.number)
                scheduler.finish(next.subjectQueue)
            }
            #expect(order == Array(1...10))
        }
    }

    @Test func `in a strict queue a possible poison delivery is handled alone and in order`() {
        var scheduler = SubjectScheduler(concurrency: 8, isStrict: true)
        for delivery in [delivery(1, "a"), delivery(2, "b", count: 5), delivery(3, "a"), delivery(4, "c")] {
            scheduler.add(delivery)
        }
        #expect(started(&scheduler) == 1)
        #expect(started(&scheduler) == nil)
        scheduler.finish(.subject("a"))
        #expect(started(&scheduler) == 2)
        #expect(started(&scheduler) == nil)
        scheduler.finish(.subject("b"))
        #expect([started(&scheduler), started(&scheduler)] == [3, 4])
    }

    @Test func `any of several possible poison deliveries may be the first`() {
        var first: Set<UInt64> = []
        for _ in 0..<200 {
            var scheduler = SubjectScheduler(concurrency: 8)
            for number in 1...3 { scheduler.add(delivery(number, count: 5)) }
            if let number = started(&scheduler) { first.insert(number) }
        }
        #expect(first == [1, 2, 3])
    }
}
