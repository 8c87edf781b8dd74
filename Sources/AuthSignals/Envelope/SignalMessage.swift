// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// One message as a broker carries it: AMQP's basic properties, headers and body, without AMQP.
public struct SignalMessage: Hashable, Sendable {
    /// A header's value, in the kinds that every AMQP client reads.
    public enum HeaderValue: Hashable, Sendable {
        case string(String)
        case integer(Int64)
        case bool(Bool)

        /// The text of a string; nil for the others.
        public var string: String? { if case .string(let text) = self { text } else { nil } }
        /// The value of an integer, of any width on the wire; nil for the others.
        public var integer: Int64? { if case .integer(let value) = self { value } else { nil } }
    }

    /// The signal's name, or the key of a consumer's own queue where a copy is moved.
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

    /// The `subject` header: whom the signal is about, a UUID in lower case.
    public var subject: String? { headers[HeaderName.subject]?.string?.asSubject }

    /// The names of the headers of the contract.
    public enum HeaderName {
        public static let subject = "subject"
        public static let traceparent = "traceparent"
        public static let tracestate = "tracestate"
        /// The handler that a moved copy is for; absent: all.
        public static let handler = "auth-handler"
        /// How many attempts were made.
        public static let attempt = "auth-attempt"
        public static let error = "auth-error"
        public static let firstError = "auth-first-error"
        public static let reason = "auth-reason"
        /// The routing key the message was first published with.
        public static let originKey = "auth-origin-key"
        public static let failedAt = "auth-failed-at"
        /// The message id that does not fit into its property, which a copy then goes without.
        public static let originID = "auth-origin-id"
        /// What a copy had to leave out, or to shorten, since it could not be published otherwise.
        public static let trimmed = "auth-trimmed"
        /// What the contract's own moved-copy headers begin with.
        public static let ownPrefix = "auth-"
    }
}
