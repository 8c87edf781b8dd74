// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import CRabbitMQ
import Foundation
import Testing

@testable import AuthBroker

/// Sizes that could make librabbitmq or the broker close or stall the connection. After each of them, the same
/// connection must still work.
@Suite(.needsBroker) struct HostileSizeTests {
    private func publishing(_ message: SignalMessage) async throws -> (String, [SignalMessage]) {
        let results = Results()
        try await BrokerWorld.with { world in
            try await world.admin.declareExchange()
            try await world.admin.declare(world.topology)
            let queue = world.topology.queue
            var message = message
            if message.routingKey.isEmpty { message.routingKey = queue }
            let outcome = try await world.perform { [message] channel throws(BrokerError) in
                try channel.selectConfirms()
                let outcome = try channel.publishAndWait(message)
                let next = try channel.publishAndWait(.keyed(queue, Data("next".utf8)))
                return next == "confirmed" ? outcome : "the next message was \(next)"
            }
            let taken = try await world.take(from: queue)
            await results.put(outcome, taken)
        }
        return await results.value
    }

    private actor Results {
        var value: (String, [SignalMessage]) = ("", [])
        func put(_ outcome: String, _ messages: [SignalMessage]) { value = (outcome, messages) }
    }

    /// The frame size that RabbitMQ negotiates, without the frame's overhead of eight bytes.
    private static let segment = 131_072 - 8

    @Test(arguments: [0, 1, segment - 1, segment, segment + 1, 2 * segment, 3 * segment + 17])
    func `a body arrives intact around every frame boundary`(_ count: Int) async throws {
        let body = Data((0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let (outcome, taken) = try await publishing(.keyed("", body))
        #expect(outcome == "confirmed")
        #expect(taken.map(\.body) == [body, Data("next".utf8)])
    }

    /// After such a body, librabbitmq leaves the kernel waiting 0.2 s for more data, so without the fix every publish
    /// takes that long.
    @Test func `a body that fills its frames exactly is sent without delay`() async throws {
        try await BrokerWorld.with { world in
            // Small frames, because the kernel does not delay large ones. No queue has that name, so that the broker
            // confirms the message without waiting for the disk.
            let message = SignalMessage.keyed("\(world.topology.queue).none", Data(count: 8192 - 8))
            let settings = world.direct
            let fastest = try await world.perform { channel throws(BrokerError) in
                channel.close(within: .seconds(1))
                _ = crmq_set_number(channel.connection, .frameMax, 8192)
                try channel.open(settings.urls[0], as: "small frames", settings)
                try channel.selectConfirms()
                var fastest = Duration.seconds(60)
                for _ in 0..<10 {
                    let start = ContinuousClock.now
                    _ = try channel.publishAndWait(message)
                    fastest = min(fastest, ContinuousClock.now - start)
                }
                return fastest
            }
            #expect(fastest < .milliseconds(150))
        }
    }

    @Test func `sends a routing key of 255 bytes, rejects one of 256`() async throws {
        let (longest, _) = try await publishing(.keyed(String(repeating: "k", count: 255)))
        #expect(longest == "returned")
        let (tooLong, _) = try await publishing(.keyed(String(repeating: "k", count: 256)))
        #expect(tooLong == "never: the routing key is longer than 255 bytes")
    }

    @Test func `sends a header name of 255 bytes, rejects one of 256`() async throws {
        var message = SignalMessage.keyed("")
        let name = String(repeating: "h", count: 255)
        message.headers = [name: .string("v")]
        let (longest, taken) = try await publishing(message)
        #expect(longest == "confirmed")
        #expect(taken.first?.headers == [name: .string("v")])
        message.headers = [name + "h": .string("v")]
        let (tooLong, _) = try await publishing(message)
        #expect(tooLong == "never: a header's name is longer than 255 bytes")
    }

    @Test func `sends properties of 255 bytes, rejects longer ones`() async throws {
        var message = SignalMessage.keyed("")
        message.messageID = String(repeating: "m", count: 255)
        message.type = message.messageID
        message.correlationID = message.messageID
        message.appID = message.messageID
        message.contentType = message.messageID
        let (longest, taken) = try await publishing(message)
        #expect(longest == "confirmed")
        #expect(taken.first?.appID == message.appID)
        message.appID = String(repeating: "m", count: 256)
        let (tooLong, _) = try await publishing(message)
        #expect(tooLong == "never: the application id is longer than 255 bytes")
    }

    @Test func `rejects headers that leave no room for the broker's own`() async throws {
        var message = SignalMessage.keyed("")
        message.headers = ["h": .string(String(repeating: "v", count: 90_000))]
        let (large, taken) = try await publishing(message)
        #expect(large == "confirmed")
        #expect(taken.first?.headers == message.headers)
        for count in [100_000, 131_000, 131_072, 1_000_000] {
            message.headers = ["h": .string(String(repeating: "v", count: count))]
            let (tooLarge, _) = try await publishing(message)
            #expect(tooLarge.hasPrefix("never: the"))
        }
    }

    @Test func `NUL bytes and every header type arrive unchanged`() async throws {
        var message = SignalMessage.keyed("", Data([0, 1, 0]))
        message.type = "a\0b"
        message.headers = [
            "n\0l": .string("\0"), "empty": .string(""), "least": .integer(.min), "most": .integer(.max),
            "yes": .bool(true), "no": .bool(false),
        ]
        message.timestamp = Date(timeIntervalSince1970: 1_795_420_800)
        let (outcome, taken) = try await publishing(message)
        #expect(outcome == "confirmed")
        message.routingKey = taken.first?.routingKey ?? ""
        #expect(taken.first == message)
    }
}
