// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Testing

@Suite struct MemorySourceTests {
    @Test(arguments: SourceConformance.sentences)
    func `keeps the contract of a source`(_ sentence: SourceConformance.Sentence) async throws {
        let broker = MemoryBroker()
        try await sentence.check { SourceConformance.Subject(MemorySource("worker", of: broker), of: broker) }
    }

    @Test func `a copy that the broker nacks is not stored and the original is kept`() async throws {
        let broker = MemoryBroker()
        let source = MemorySource("worker", of: broker)
        broker.put(.test(1), into: "worker")
        var deliveries = DeliveryIterator(source)
        let delivery = try #require(await deliveries.next())
        broker.answer { _ in .nack }
        await #expect(throws: MemorySource.NotMoved.self) {
            try await source.republish(delivery, as: [RepublishedCopy(to: .dead, message: delivery.message)])
        }
        #expect(source.messages(in: .dead).isEmpty)
        #expect(broker.unacknowledged(in: "worker") == 1)
    }

    @Test func `a message that is returned too often is dead-lettered`() async throws {
        let broker = MemoryBroker()
        let source = MemorySource("worker", of: broker)
        broker.put(.test(1), into: "worker")
        var deliveries = DeliveryIterator(source)
        for count in 0...20 {
            let delivery = try #require(await deliveries.next())
            #expect(delivery.deliveryCount == count)
            source.release(delivery)
        }
        #expect(source.messages(in: .dead).count == 1)
        #expect(source.messages(in: .main).isEmpty)
    }
}
