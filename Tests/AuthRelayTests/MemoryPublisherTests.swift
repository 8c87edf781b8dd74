// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Testing

@Suite struct MemoryPublisherTests {
    @Test(arguments: PublisherConformance.sentences)
    func `keeps the contract of a publisher`(_ sentence: PublisherConformance.Sentence) async throws {
        try await sentence.check { PublisherConformance.Subject(MemoryBroker()) }
    }

    @Test func `the broker reads nothing during an alarm, and everything after it`() async throws {
        let broker = MemoryBroker()
        broker.declareQueue("all", bind: ["#"])
        broker.setAlarm(true)
        let receipt = MemoryPublisher(to: broker).submit([.test(1), .test(2)])
        #expect(broker.messages(in: "all").isEmpty)
        broker.setAlarm(false)
        #expect(await receipt.outcomes() == [.confirmed, .confirmed])
    }

    @Test func `a lost connection with outstanding confirms leaves unknown outcomes and stored messages`()
        async throws
    {
        let broker = MemoryBroker()
        broker.declareQueue("all", bind: ["#"])
        broker.holdConfirms(true)
        let receipt = MemoryPublisher(to: broker).submit([.test(1)])
        broker.dropConnections()
        #expect(await receipt.outcomes() == [.unknown("the connection was lost")])
        #expect(broker.messages(in: "all").count == 1)
    }

    @Test func `outcomes follow the programmed answers`() async throws {
        let broker = MemoryBroker()
        broker.declareQueue("all", bind: ["#"])
        let publisher = MemoryPublisher(to: broker)
        broker.answer { $0.type == "testing.bad" ? .nack : .route }
        #expect(
            await publisher.publish([.test(1), .test(2, name: "testing.bad"), .test(3)])
                == [.confirmed, .nacked, .confirmed])
        broker.answer { $0.type == "testing.bad" ? .lose(stored: true) : .route }
        let outcomes = await publisher.publish([.test(4), .test(5, name: "testing.bad"), .test(6)])
        #expect(outcomes == Array(repeating: .unknown("the connection was lost"), count: 3))
        #expect(broker.messages(in: "all").count == 4)
    }
}
