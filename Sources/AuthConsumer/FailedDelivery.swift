// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A message that is moved because it could not be handled, and why.
struct FailedDelivery: Sendable {
    /// Why a message is set aside without a handler's doing: `auth-reason`.
    enum Reason {
        /// The body is no event.
        static let malformed = "malformed"
        /// The body is far larger than any event.
        static let tooLarge = "too-large"
        /// The copy is for a handler that this worker has not.
        static let unknownHandler = "unknown-handler"
        /// The schedule is at its end.
        static let attemptsExhausted = "attempts-exhausted"
        /// It was returned to the queue as often as is allowed, without an end of its handlers.
        static let deliveryLimit = "delivery-limit"
    }

    /// Bytes of the largest body that is looked at; the contract's is 64 KiB.
    static let largestBody = 1 << 20

    /// The longest `auth-error`, `auth-first-error` and `auth-reason`, in bytes.
    static let longestText = 1024

    var message: SignalMessage
    /// The handler that failed; nil where none was asked.
    var handler: String?
    /// How many attempts it has made.
    var attempts: Int?
    /// What is said of its error.
    var error: String?
    /// Why it goes to the dead letters.
    var reason: String?
    var at: Date

    /// The copy to be moved: the contract's properties, headers and body, and nothing of the broker's.
    var copy: SignalMessage {
        typealias Name = SignalMessage.HeaderName
        var headers = message.headers.filter { name, _ in
            name.hasPrefix(Name.ownPrefix)
                || [Name.subject, Name.traceparent, Name.tracestate].contains(name)
        }
        if headers[Name.originKey] == nil { headers[Name.originKey] = .string(message.routingKey) }
        headers[Name.failedAt] = .string(at.wireText)
        headers[Name.reason] = reason.map { .string($0.cut(toUTF8Bytes: Self.longestText)) }
        if let handler { headers[Name.handler] = .string(handler) }
        if let attempts { headers[Name.attempt] = .integer(Int64(attempts)) }
        if let error {
            let text = SignalMessage.HeaderValue.string(error.cut(toUTF8Bytes: Self.longestText))
            headers[Name.error] = text
            if headers[Name.firstError] == nil { headers[Name.firstError] = text }
        }
        return SignalMessage(
            routingKey: message.routingKey, messageID: message.messageID,
            correlationID: message.correlationID,
            type: message.type, contentType: message.contentType, timestamp: message.timestamp,
            appID: message.appID, headers: headers, body: message.body)
    }
}
