// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Testing

@testable import AuthConsumer

@Suite struct FailedDeliveryTests {
    private let now = Date(timeIntervalSince1970: 1_795_420_800)

    private func delivered() -> SignalMessage {
        var message = SignalMessage.test(1, subject: "someone")
        message.headers["traceparent"] = .string("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        message.headers["x-death"] = .string("anything")
        message.headers["x-delivery-count"] = .integer(3)
        message.headers["CC"] = .string("elsewhere")
        message.headers["own"] = .bool(true)
        return message
    }

    @Test func `a retry copy has the contract's properties and headers and none of the broker's`() {
        let message = delivered()
        let copy = FailedDelivery(message: message, handler: "one", attempts: 2, error: "Boom", at: now).copy
        #expect(
            copy.headers == [
                "subject": .string("someone"), "traceparent": message.headers["traceparent"] ?? .bool(false),
                "auth-handler": .string("one"), "auth-attempt": .integer(2), "auth-error": .string("Boom"),
                "auth-first-error": .string("Boom"), "auth-origin-key": .string("testing.happened"),
                "auth-failed-at": .string("2026-11-23T08:00:00.000Z"),
            ])
        #expect(copy.messageID == message.messageID)
        #expect(copy.correlationID == message.correlationID)
        #expect(copy.type == message.type)
        #expect(copy.contentType == message.contentType)
        #expect(copy.timestamp == message.timestamp)
        #expect(copy.appID == message.appID)
        #expect(copy.body == message.body)
    }

    @Test func `the first error and the first key are kept, the last error is replaced`() {
        var again = FailedDelivery(message: delivered(), handler: "one", attempts: 1, error: "First", at: now)
            .copy
        again.routingKey = "main"
        let copy = FailedDelivery(message: again, handler: "one", attempts: 2, error: "Second", at: now).copy
        #expect(copy.headers["auth-first-error"] == .string("First"))
        #expect(copy.headers["auth-error"] == .string("Second"))
        #expect(copy.headers["auth-origin-key"] == .string("testing.happened"))
        #expect(copy.headers["auth-attempt"] == .integer(2))
    }

    @Test func `texts are truncated to 1 KiB at a character boundary`() {
        let long = String(repeating: "ü", count: 2000)
        let copy = FailedDelivery(message: delivered(), error: long + "x", reason: "a" + long, at: now).copy
        for name in ["auth-error", "auth-first-error", "auth-reason"] {
            let text = copy.headers[name]?.string ?? ""
            #expect((1023...1024).contains(text.utf8.count), "\(name)")
            #expect(!text.contains("\u{FFFD}"))
        }
    }

    @Test func `a retried message does not keep its old dead-letter reason`() {
        var dead = delivered()
        dead.headers["auth-reason"] = .string("attempts-exhausted")
        let copy = FailedDelivery(message: dead, handler: "one", attempts: 1, error: "Boom", at: now).copy
        #expect(copy.headers["auth-reason"] == nil)
    }
}
