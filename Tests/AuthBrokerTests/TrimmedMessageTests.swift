// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Testing

@testable import AuthBroker
@testable import AuthBrokerTools

@Suite struct TrimmedMessageTests {
    private func hostile() -> SignalMessage {
        var message = SignalMessage.test(1, subject: "someone")
        message.headers["auth-reason"] = .string("malformed")
        message.headers["auth-attempt"] = .integer(2)
        message.headers["auth-origin-key"] = .string("account.user_logged_in")
        return message
    }

    /// The encoded size, computed as the C code does.
    private func size(_ message: SignalMessage) -> Int {
        let properties = [
            message.messageID, message.correlationID, message.type, message.contentType, message.appID,
        ].compactMap(\.self)
        let headers = message.headers.reduce(4) { size, header in
            size + 2 + header.key.utf8.count + (header.value.string.map { 4 + $0.utf8.count } ?? 8)
        }
        return 14 + properties.reduce(0) { $0 + 1 + $1.utf8.count } + 1 + 8 + headers
    }

    @Test func `a message id that does not fit is moved to a header and still identifies the message`() {
        var message = hostile()
        message.messageID = String(
            decoding: [UInt8](repeating: 0xFF, count: 99) + Array("a".utf8), as: UTF8.self)
        #expect(message.messageID.utf8.count > 255)
        let trimmed = message.trimmed()
        #expect(trimmed.messageID == "")
        #expect(trimmed.headers["auth-origin-id"] == .string(message.messageID))
        #expect(trimmed.headers["auth-trimmed"] == .string("message-id"))
        #expect(trimmed.subject == "someone")
        #expect(trimmed.body == message.body)
        #expect(DeadLetter(message: trimmed, bodySize: 0).id == message.messageID)
    }

    @Test func `keeps the most important headers whole; cuts or drops the rest and names them`() {
        var message = hostile()
        message.headers["auth-x"] = .string(String(repeating: "x", count: 110_000))
        message.headers["auth-" + String(repeating: "n", count: 300)] = .bool(true)
        message.headers["traceparent"] = .string(String(repeating: "t", count: 300))
        message.correlationID = String(repeating: "c", count: 256)
        let trimmed = message.trimmed()
        for name in ["auth-reason", "auth-attempt", "auth-origin-key", "subject"] {
            #expect(trimmed.headers[name] == message.headers[name], "\(name)")
        }
        #expect(trimmed.headers["auth-x"]?.string?.utf8.count == 255)
        #expect(trimmed.headers["traceparent"] == nil)
        #expect(trimmed.correlationID == nil)
        let named = trimmed.headers["auth-trimmed"]?.string ?? ""
        for name in ["correlation-id", "traceparent", "auth-x"] { #expect(named.contains(name)) }
    }

    @Test func `a subject is kept whole or dropped, because a part of it could be another user's`() {
        var message = hostile()
        message.headers["subject"] = .string(String(repeating: "s", count: 256))
        #expect(message.trimmed().subject == nil)
    }

    @Test func `any trimmed message fits into the smallest AMQP frame`() {
        var message = hostile()
        let long = String(repeating: "\u{FFFD}", count: 40_000)
        message.messageID = long
        message.correlationID = String(repeating: "c", count: 255)
        message.type = String(repeating: "t", count: 255)
        message.contentType = String(repeating: "u", count: 255)
        message.appID = String(repeating: "a", count: 255)
        for name in [
            "auth-reason", "auth-handler", "auth-failed-at", "auth-origin-key", "auth-error",
            "auth-first-error", "subject", "traceparent", "tracestate",
        ] {
            message.headers[name] = .string(long)
        }
        for number in 0..<3000 { message.headers["auth-\(number)"] = .integer(Int64(number)) }
        let trimmed = message.trimmed()
        #expect(size(trimmed) <= 4096 / 4 * 3)
        #expect(trimmed.headers["auth-reason"]?.string?.isEmpty == false)
        #expect(trimmed.trimmed().headers.count <= trimmed.headers.count)
    }
}
