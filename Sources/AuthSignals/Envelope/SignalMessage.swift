// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// One message as published to a broker: AMQP's basic properties, headers and body, independent of an AMQP library.
public struct SignalMessage: Hashable, Sendable {
    /// A header's value, limited to the types that every AMQP client supports.
    public enum HeaderValue: Hashable, Sendable {
        case string(String)
        case integer(Int64)
        case bool(Bool)

        /// The value of a string; nil for other types.
        public var string: String? { if case .string(let text) = self { text } else { nil } }
        /// The value of an integer, of any width on the wire; nil for other types.
        public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    }

    /// The signal's name; for a republished copy the routing key of one of the consumer's own queues.
    public var routingKey: String
    public var messageID: String
    public var correlationID: String?
    public var type: String?
    public var contentType: String?
    /// Whole seconds.
    public var timestamp: Date?
    public var appID: String?
    public var headers: [String: HeaderValue]
    public var body: Data

    public init(
        routingKey: String, messageID: String, correlationID: String? = nil, type: String? = nil,
        contentType: String? = nil, timestamp: Date? = nil, appID: String? = nil,
        headers: [String: HeaderValue] = [:], body: Data
    ) {
        self.routingKey = routingKey
        self.messageID = messageID
        self.correlationID = correlationID
        self.type = type
        self.contentType = contentType
        self.timestamp = timestamp
        self.appID = appID
        self.headers = headers
        self.body = body
    }

    /// The `subject` header: the person the signal is about, a UUID in lower case.
    public var subject: String? { headers[HeaderName.subject]?.string?.asSubject }

    /// The names of the headers of the contract.
    public enum HeaderName {
        public static let subject = "subject"
        public static let traceparent = "traceparent"
        public static let tracestate = "tracestate"
        /// The handler that a republished copy is for; if absent, all handlers.
        public static let handler = "auth-handler"
        /// The number of attempts so far.
        public static let attempt = "auth-attempt"
        public static let error = "auth-error"
        public static let firstError = "auth-first-error"
        public static let reason = "auth-reason"
        /// The routing key the message was first published with.
        public static let originKey = "auth-origin-key"
        public static let failedAt = "auth-failed-at"
        /// The message id if it is too long for its property, which the copy then omits.
        public static let originID = "auth-origin-id"
        /// The parts that were removed from a copy, or shortened, because it could not be published otherwise.
        public static let trimmed = "auth-trimmed"
        /// The prefix of the headers that the contract adds to republished copies.
        public static let ownPrefix = "auth-"
    }
}
