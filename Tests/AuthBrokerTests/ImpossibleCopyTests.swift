// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import Testing

@testable import AuthBroker
@testable import AuthBrokerTools

/// Republished copies that the broker would never accept unchanged.
@Suite(.needsBroker) struct ImpossibleCopyTests {
    private typealias Name = SignalMessage.HeaderName

    /// Dead-letters a delivery the way a worker does with a malformed message.
    private func setAside(_ delivery: Delivery, _ source: BrokerSource) async throws {
        var message = delivery.message
        message.headers[Name.reason] = .string("malformed")
        message.headers[Name.originKey] = .string(message.routingKey)
        try await source.republish(delivery, as: [RepublishedCopy(to: .dead, message: message)])
    }

    @Test
    func `trims properties and headers that are or become too large, and keeps delivering valid messages`()
        async throws
    {
        try await BrokerWorld.with { world in
            try await world.withSource { source in
                let raw = try RawPublisher(port: world.broker.port)
                let (exchange, key) = (world.direct.exchange, "account.user_logged_in")
                func publish(_ properties: RawPublisher.Properties) throws {
                    try raw.publish(properties, body: Array("{no event".utf8), exchange: exchange, key: key)
                }
                // Each invalid UTF-8 byte becomes three bytes when it is repaired.
                for letter in UInt8(ascii: "a")...UInt8(ascii: "h") {
                    let id = [UInt8](repeating: 0xFF, count: 99) + [letter]
                    try publish(.init(messageID: id, type: [UInt8](repeating: 0xFD, count: 255)))
                }
                // The last two fill a frame; the broker adds its own headers and sends more than the negotiated size.
                for size in [110_000, 131_020, 131_030] {
                    let value = [UInt8](repeating: UInt8(ascii: "x"), count: size)
                    try publish(.init(headers: RawPublisher.Properties.text("auth-x", value)))
                }
                try publish(.init(headers: RawPublisher.Properties.nested("auth-y", depth: 60)))
                let subject = [UInt8](repeating: 0xFF, count: 40_000)
                try publish(.init(headers: RawPublisher.Properties.text("subject", subject)))
                try await world.withPublisher(world.direct) { publisher in
                    #expect(await publisher.publish([.test(1)]) == [.confirmed])
                }
                var deliveries = DeliveryIterator(source)
                for _ in 0..<13 { try await setAside(try #require(await deliveries.next()), source) }
                let good = try #require(await deliveries.next())
                #expect(good.message.type == TestSignal.name.rawValue)
                #expect(good.tag.epoch == 1, "no connection was lost")
                source.acknowledge(good)
                #expect(source.moveFault == nil)
                let letters = try await world.take(from: world.topology.name(of: .dead))
                #expect(letters.count == 13)
                #expect(letters.allSatisfy { $0.headers[Name.reason] == .string("malformed") })
                #expect(Set(letters.prefix(8).map { DeadLetter(message: $0, bodySize: 0).id }).count == 8)
                for letter in letters where letter.headers["auth-x"] != nil {
                    #expect(letter.headers["auth-x"]?.string?.utf8.count == 255)
                }
                #expect(letters.last?.subject == nil)
                let trimmed = letters.filter { $0.headers[Name.trimmed] != nil }
                #expect(trimmed.count == 12, "all but the nested one, whose header is not copied")
            }
        }
    }

    @Test
    func `identifies a copy for which the broker closes the channel, and dead-letters its original`()
        async throws
    {
        try await DisturbedBroker.use { node, _ in
            try await BrokerWorld.with(on: node) { world in
                try await world.withSource { source in
                    try await world.withPublisher(world.direct) { publisher in
                        var batch = (0..<9).map { SignalMessage.test($0) }
                        batch[4].body = Data(count: 40_000)
                        #expect(await publisher.publish(batch).allSatisfy { $0 == .confirmed })
                    }
                    try await node.withLargestMessage(16_384) {
                        world.proxy.cut()
                        try await setAllAside(9, source)
                        try await expectOneRejected(of: 9, world)
                    }
                }
            }
        }
    }

    /// Dead-letters deliveries of a new connection, all concurrently, as a worker's handlers do.
    private func setAllAside(_ count: Int, _ source: BrokerSource) async throws {
        var deliveries = DeliveryIterator(source)
        var all: [Delivery] = []
        while all.count < count {
            let delivery = try #require(await deliveries.next())
            // Deliveries of the lost connection are redelivered.
            if delivery.tag.epoch > 1 { all.append(delivery) }
        }
        try await withThrowingTaskGroup { group in
            for delivery in all {
                group.addTask {
                    try await eventually(within: .seconds(60), "it is dead-lettered") {
                        do {
                            try await setAside(delivery, source)
                            return true
                        } catch let error as BrokerError where error.code == .notMoved {
                            return false
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(source.moveFault == nil)
    }

    private func expectOneRejected(of count: Int, _ world: BrokerWorld) async throws {
        let dead = world.topology.name(of: .dead)
        // Not by their number: a copy whose confirm was lost with the channel is published twice.
        var letters: [SignalMessage] = []
        try await eventually(within: .seconds(60), "all are dead-lettered") {
            letters += try await world.take(from: dead)
            return Set(letters.map(\.messageID)).count == count
        }
        let rejected = letters.filter { $0.headers[Name.reason] == nil }
        #expect(rejected.map(\.body.count) == [40_000])
        #expect(Set(letters.map(\.messageID)).count == count)
    }
}
