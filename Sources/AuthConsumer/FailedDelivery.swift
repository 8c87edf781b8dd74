// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A message that is republished because it could not be handled, with the reason.
struct FailedDelivery: Sendable {
    /// Why a message is dead-lettered: values of `auth-reason`.
    enum Reason {
        /// The body is not an event.
        static let malformed = "malformed"
        /// The body is far larger than any event.
        static let tooLarge = "too-large"
        /// The copy is for a handler that this worker does not have.
        static let unknownHandler = "unknown-handler"
        /// The retry schedule is exhausted.
        static let attemptsExhausted = "attempts-exhausted"
        /// The message was returned to the queue as often as allowed, without its handlers finishing.
        static let deliveryLimit = "delivery-limit"
    }

    /// The longest `auth-error`, `auth-first-error` and `auth-reason`, in bytes.
    static let longestText = 1024

    var message: SignalMessage
    /// The handler that failed; nil if none was called.
    var handler: String?
    /// The number of that handler's attempts.
    var attempts: Int?
    /// The text for `auth-error`.
    var error: String?
    /// Why the message is dead-lettered; nil for a retry.
    var reason: String?
    var at: Date

    /// The copy to republish: the contract's properties, headers and body, without the broker's headers.
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
