// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import CRabbitMQ
import Foundation
import Testing

@testable import AuthBroker

/// Copies that can never be published as they are.
@Suite(.needsBroker) struct ImpossibleCopyTests {
    private typealias Name = SignalMessage.HeaderName

    /// As a worker moves what it cannot read.
    private func setAside(_ delivery: Delivery, _ source: BrokerSource) async throws {
        var message = delivery.message
        message.headers[Name.reason] = .string("malformed")
        message.headers[Name.originKey] = .string(message.routingKey)
        try await source.move(delivery, as: [MovedCopy(to: .dead, message: message)])
    }

    /// Publishes with bytes of any kind, which `SignalMessage` cannot hold.
    private func publish(
        _ world: BrokerWorld, _ change: @escaping @Sendable (inout CRMQProperties, Scratch) -> Void
    ) async throws {
        let exchange = world.direct.exchange
        try await world.perform { channel throws(BrokerError) in
            let scratch = Scratch()
            scratch.begin(byteCount: 1 << 20, fieldCount: 64)
            var message = CRMQMessage()
            message.exchange = scratch.put(exchange)
            message.routingKey = scratch.put("account.user_logged_in")
            message.body = scratch.put("{no event")
            change(&message.properties, scratch)
            var tag: UInt64 = 0
            while true {
                let written = try channel.written(crmq_publish(channel.connection, &message, &tag), tag)
                if case .never(let why) = written { throw BrokerError(.invalidValue, why) }
                if case .written = written { break }
                try channel.step(waitingFor: .milliseconds(50), wantsToWrite: true, Nobody())
            }
        }
    }

    @Test func `properties and headers that grow, or are too large already, are trimmed; good messages flow`()
        async throws
    {
        try await BrokerWorld.with { world in
            try await world.withSource { source in
                // Each byte that is not UTF-8 takes three when it is mended.
                for letter in UInt8(ascii: "a")..<UInt8(ascii: "e") {
                    try await publish(world) { properties, scratch in
                        let id = [UInt8](repeating: 0xFF, count: 99) + [letter]
                        properties.messageID = scratch.putBytes(id)
                        properties.correlationID = scratch.putBytes([UInt8](repeating: 0xFE, count: 200))
                        properties.type = scratch.putBytes([UInt8](repeating: 0xFD, count: 255))
                        properties.appID = scratch.putBytes([UInt8](repeating: 0xC0, count: 128))
                        properties.contentType = scratch.putBytes([UInt8](repeating: 0x80, count: 90))
                    }
                }
                // As much as can be published at all: with a worker's own headers it is more.
                try await publish(world) { properties, scratch in
                    let long = String(repeating: "x", count: 98_260)
                    (properties.headers, properties.headerCount) = scratch.put(["auth-x": .string(long)])
                }
                try await publish(world) { properties, scratch in
                    let long = String(repeating: "s", count: 98_260)
                    (properties.headers, properties.headerCount) = scratch.put(["subject": .string(long)])
                }
                try await world.withPublisher(world.direct) { publisher in
                    #expect(await publisher.publish([.test(1)]) == [.confirmed])
                }
                var deliveries = source.deliveries.makeAsyncIterator()
                for _ in 0..<6 { try await setAside(try #require(await deliveries.next()), source) }
                let good = try #require(await deliveries.next())
                #expect(good.message.type == TestSignal.name.rawValue)
                source.acknowledge(good)
                #expect(source.moveFault == nil)
                let letters = try await world.take(from: world.topology.name(of: .dead))
                #expect(letters.count == 6)
                #expect(letters.allSatisfy { $0.headers[Name.reason] == .string("malformed") })
                #expect(Set(letters.prefix(4).map { DeadLetter(message: $0, bodySize: 0).id }).count == 4)
                #expect(letters[4].headers["auth-x"]?.string?.utf8.count == 255)
                #expect(letters[5].subject == nil)
                #expect(letters.allSatisfy { $0.headers[Name.trimmed] != nil })
            }
        }
    }

    @Test
    func `a copy for which the broker closes the channel is found, and goes to the dead letters as it is`()
        async throws
    {
        let node = try await PrivateBroker.start()
        try await BrokerWorld.with(on: node) { world in
            try await world.withSource { source in
                try await world.withPublisher(world.direct) { publisher in
                    var batch = (0..<9).map { SignalMessage.test($0) }
                    batch[4].body = Data(count: 40_000)
                    #expect(await publisher.publish(batch).allSatisfy { $0 == .confirmed })
                }
                // Channels read it when they are opened; from RabbitMQ 3.12 on it is a persistent term.
                try await world.broker.ctl(
                    "eval",
                    "application:set_env(rabbit, max_message_size, 16384), "
                        + "persistent_term:put(max_message_size, 16384), ok.")
                world.proxy.cut()
                var deliveries = source.deliveries.makeAsyncIterator()
                var all: [Delivery] = []
                while all.count < 9 {
                    let delivery = try #require(await deliveries.next())
                    // Those of the connection that was cut come again.
                    if delivery.tag.epoch > 1 { all.append(delivery) }
                }
                // All at once, as a worker's handlers do it.
                try await withThrowingTaskGroup { group in
                    for delivery in all {
                        group.addTask {
                            try await eventually(within: .seconds(60), "it is moved") {
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
                let dead = world.topology.name(of: .dead)
                try await eventually(within: .seconds(60), "all are dead letters") {
                    try await world.admin.messageCount(in: dead) >= 9
                }
                let letters = try await world.take(from: dead)
                let rejected = letters.filter { $0.headers[Name.reason] == nil }
                #expect(rejected.map(\.body.count) == [40_000])
                #expect(Set(letters.map(\.messageID)).count == 9)
            }
        }
        try await node.stop()
    }
}

extension Scratch {
    /// Bytes as they are; the scratch must have room for them.
    fileprivate func putBytes(_ bytes: [UInt8]) -> CRMQBytes {
        let place = put(String(repeating: ".", count: bytes.count))
        if let pointer = place.pointer {
            UnsafeMutablePointer(mutating: pointer).update(from: bytes, count: bytes.count)
        }
        return place
    }
}
