// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

extension SourceConformance {
    private static func ids(_ deliveries: some Sequence<Delivery>) -> [String] {
        deliveries.map(\.message.messageID)
    }

    static let delivering: [Sentence] = [
        Sentence("Messages are delivered unchanged, in the queue's order") { subject in
            let collector = DeliveryCollector(subject.source)
            var messages = (1...5).map { SignalMessage.test($0, subject: "subject-\($0)") }
            messages[0].headers["auth-attempt"] = .integer(2)
            try await subject.send(messages)
            let deliveries = try await collector.wait(for: 5)
            #expect(ids(deliveries) == messages.map(\.messageID))
            #expect(deliveries.map(\.message.body) == messages.map(\.body))
            #expect(deliveries.map(\.message.subject) == messages.map(\.subject))
            #expect(deliveries[0].message.headers["auth-attempt"]?.integer == 2)
            #expect(deliveries.allSatisfy { !$0.redelivered && $0.deliveryCount == 0 })
            for delivery in deliveries { subject.source.acknowledge(delivery) }
        },
        Sentence("After a connection loss unsettled deliveries are redelivered, acknowledged ones are not") {
            subject in
            let collector = DeliveryCollector(subject.source)
            let messages = (1...3).map { SignalMessage.test($0) }
            try await subject.send(messages)
            let first = try await collector.wait(for: 3)
            subject.source.acknowledge(first[1])
            await subject.source.flush()
            // A later message that is acknowledged, too, shows that the broker has processed the first one.
            try await subject.send([.test(4)])
            subject.source.acknowledge(try await collector.wait(for: 4)[3])
            try await subject.dropConnection()
            let again = try await collector.wait(for: 6).dropFirst(4)
            #expect(Set(ids(again)).isSuperset(of: [messages[0].messageID, messages[2].messageID]))
            #expect(!ids(again).contains(messages[1].messageID))
            #expect(again.allSatisfy { $0.redelivered && $0.tag.epoch > first[0].tag.epoch })
            for delivery in again { subject.source.acknowledge(delivery) }
        },
        Sentence("Settling a delivery of a lost connection is ignored, and the source continues") { subject in
            let collector = DeliveryCollector(subject.source)
            try await subject.send([.test(1)])
            let first = try await collector.wait(for: 1)
            try await subject.dropConnection()
            let again = try await collector.wait(for: 2)
            subject.source.acknowledge(first[0])
            subject.source.release(first[0])
            subject.source.acknowledge(again[1])
            try await subject.send([.test(2)])
            let last = try await collector.wait(for: 3)[2]
            #expect(last.tag.epoch == again[1].tag.epoch)
            subject.source.acknowledge(last)
        },
        Sentence("A released delivery is redelivered with its delivery count increased") { subject in
            let collector = DeliveryCollector(subject.source)
            let message = SignalMessage.test(1)
            try await subject.send([message])
            subject.source.release(try await collector.wait(for: 1)[0])
            let again = try await collector.wait(for: 2)[1]
            #expect(again.message.messageID == message.messageID)
            #expect(again.redelivered)
            #expect(again.deliveryCount == 1)
            subject.source.acknowledge(again)
        },
    ]

    static let moving: [Sentence] = [
        Sentence("Copies are stored in their queues, and the original is acknowledged") { subject in
            let collector = DeliveryCollector(subject.source)
            let message = SignalMessage.test(1, subject: "user-1")
            try await subject.send([message])
            let delivery = try await collector.wait(for: 1)[0]
            var copy = message
            copy.headers["auth-handler"] = .string("one")
            var other = message
            other.headers["auth-handler"] = .string("two")
            try await subject.source.republish(
                delivery,
                as: [
                    RepublishedCopy(to: .dead, message: copy),
                    RepublishedCopy(to: .retry(.oneHour), message: other),
                ])
            let dead = try await subject.take(.dead)
            #expect(dead.map(\.messageID) == [message.messageID])
            #expect(dead.first?.headers["auth-handler"]?.string == "one")
            #expect(dead.first?.body == message.body)
            #expect(try await subject.depth(.retry(.oneHour)) == 1)
            try await subject.dropConnection()
            try await subject.send([.test(2)])
            let next = try await collector.wait(for: 2)[1]
            #expect(next.message.messageID != message.messageID)
            subject.source.acknowledge(next)
        },
        Sentence("A retry copy returns to the queue after the delay of its rung") { subject in
            let collector = DeliveryCollector(subject.source)
            var message = SignalMessage.test(1)
            try await subject.send([message])
            let delivery = try await collector.wait(for: 1)[0]
            message.headers["auth-attempt"] = .integer(1)
            try await subject.source.republish(
                delivery, as: [RepublishedCopy(to: .retry(.oneSecond), message: message)])
            #expect(collector.all.count == 1)
            try await subject.passSecond()
            let again = try await collector.wait(for: 2)[1]
            #expect(again.message.messageID == message.messageID)
            #expect(again.message.headers["auth-attempt"]?.integer == 1)
            subject.source.acknowledge(again)
            try await subject.expectNothing(in: .retry(.oneSecond))
        },
        Sentence("A copy can be republished to the queue itself") { subject in
            let collector = DeliveryCollector(subject.source)
            let message = SignalMessage.test(1)
            try await subject.send([message])
            try await subject.source.republish(
                try await collector.wait(for: 1)[0], as: [RepublishedCopy(to: .main, message: message)])
            let again = try await collector.wait(for: 2)[1]
            #expect(again.message.messageID == message.messageID)
            #expect(!again.redelivered)
            subject.source.acknowledge(again)
        },
    ]

    static let stopping: [Sentence] = [
        Sentence("After stopping, received deliveries can be settled, and reading ends") { subject in
            let collector = DeliveryCollector(subject.source)
            try await subject.send([.test(1), .test(2)])
            let deliveries = try await collector.wait(for: 2)
            await subject.source.stopTaking()
            try await subject.send([.test(3)])
            try await collector.waitForEnd()
            #expect(collector.all.count == 2)
            subject.source.acknowledge(deliveries[0])
            try await subject.source.republish(
                deliveries[1], as: [RepublishedCopy(to: .dead, message: deliveries[1].message)])
            #expect(try await subject.take(.dead).count == 1)
            try await eventually("the third message was in the queue") { try await subject.depth(.main) == 1 }
        }
    ]
}
