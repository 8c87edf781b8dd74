// SPDX-License-Identifier: Apache-2.0

/// An error of a mail, its template or its transport.
public struct MailError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidURL = "invalid_url"
            case invalidTemplate = "invalid_template"
            case unknownTemplate = "unknown_template"
            case policyRefused = "policy_refused"
            case timedOut = "timed_out"
            case tlsFailed = "tls_failed"
            case loginRefused = "login_refused"
            case incomplete, malformed, refused, postponed, unavailable, storage, interrupted
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// `MAIL_URL` has an unknown form.
        public static let invalidURL = Code(.invalidURL)
        /// A template file cannot be used.
        public static let invalidTemplate = Code(.invalidTemplate)
        /// No template with that name exists.
        public static let unknownTemplate = Code(.unknownTemplate)
        /// The template needs a value that the mail does not have.
        public static let incomplete = Code(.incomplete)
        /// An address or a header would break the message format (RFC 5322); it may be a header injection attack.
        public static let malformed = Code(.malformed)
        /// The server refused this mail permanently: a 5xx reply about its recipient or its content.
        public static let refused = Code(.refused)
        /// The server refuses all our mails, whatever the recipient: policy, security or protocol (RFC 3463, `5.7.1`,
        /// `5.5.2`), or the same reply for many recipients in a row. The queue pauses, as after a refused log-in.
        public static let policyRefused = Code(.policyRefused)
        /// The server does not accept this mail now: a 4xx reply to the recipient or the content.
        public static let postponed = Code(.postponed)
        /// The server is unreachable, closes the connection, or accepts no mail at all.
        public static let unavailable = Code(.unavailable)
        /// The server did not answer in time.
        public static let timedOut = Code(.timedOut)
        /// TLS is required but not offered, or the server's certificate is not trusted.
        public static let tlsFailed = Code(.tlsFailed)
        /// The server does not accept the user or the password of `MAIL_URL`.
        public static let loginRefused = Code(.loginRefused)
        /// The mail could not be written to the folder.
        public static let storage = Code(.storage)
        /// Sending was cancelled; it is unknown whether the server accepted the mail.
        public static let interrupted = Code(.interrupted)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong, with the server's reply text if it sent one; never contains an address, a password or a key.
    public let message: String
    /// The server's SMTP reply code (RFC 5321, section 4.2), if it replied.
    public let replyCode: Int?

    public init(_ code: Code, _ message: String, replyCode: Int? = nil) {
        self.code = code
        self.message = message
        self.replyCode = replyCode
    }

    /// Whether retrying the same mail always fails.
    public var isPermanent: Bool {
        switch code {
        case .invalidURL, .invalidTemplate, .unknownTemplate, .incomplete, .malformed, .refused: true
        default: false
        }
    }

    /// Whether every other mail would fail in the same way: the error is about the transport, not about this mail.
    public var concernsTransport: Bool {
        switch code {
        case .unavailable, .timedOut, .tlsFailed, .loginRefused, .policyRefused, .storage: true
        default: false
        }
    }

    public var description: String {
        guard let replyCode, !message.hasPrefix("\(replyCode)") else { return "\(code): \(message)" }
        return "\(code): \(message) (reply \(replyCode))"
    }
}
