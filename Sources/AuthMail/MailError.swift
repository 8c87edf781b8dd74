// SPDX-License-Identifier: Apache-2.0

/// What can go wrong with a mail, its template or its transport.
public struct MailError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidURL, invalidTemplate, unknownTemplate, incomplete, malformed
            case refused, policyRefused, postponed, unavailable, timedOut, tlsFailed, loginRefused, storage,
                interrupted
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// `MAIL_URL` is of no form that we know.
        public static let invalidURL = Code(.invalidURL)
        /// A template file cannot be used.
        public static let invalidTemplate = Code(.invalidTemplate)
        /// There is no template of that name.
        public static let unknownTemplate = Code(.unknownTemplate)
        /// The template needs a value that the mail does not have.
        public static let incomplete = Code(.incomplete)
        /// An address or a header would break the mail's form (RFC 5322); it may be an attack.
        public static let malformed = Code(.malformed)
        /// The server refused this mail for good: a 5xx reply about its recipient or its text.
        public static let refused = Code(.refused)
        /// The server refuses our mails, whoever the recipient is: policy, security or protocol (RFC 3463, `5.7.1`,
        /// `5.5.2`), or one text for many recipients in a row. The queue waits, as after a refused log-in.
        public static let policyRefused = Code(.policyRefused)
        /// The server does not take this mail now: a 4xx reply to the recipient or the text.
        public static let postponed = Code(.postponed)
        /// The server cannot be reached, hangs up, or takes no mail at all.
        public static let unavailable = Code(.unavailable)
        /// The server did not answer in time.
        public static let timedOut = Code(.timedOut)
        /// There is no TLS where it is required, or the server's certificate is not trusted.
        public static let tlsFailed = Code(.tlsFailed)
        /// The server does not accept the user or the password of `MAIL_URL`.
        public static let loginRefused = Code(.loginRefused)
        /// The mail could not be written to the folder.
        public static let storage = Code(.storage)
        /// Sending was cancelled; whether the mail was taken is not known.
        public static let interrupted = Code(.interrupted)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong, in the server's words where it said any; without an address, a password or a key.
    public let message: String
    /// The server's SMTP reply code (RFC 5321, section 4.2), where there was a reply.
    public let replyCode: Int?

    public init(_ code: Code, _ message: String, replyCode: Int? = nil) {
        self.code = code
        self.message = message
        self.replyCode = replyCode
    }

    /// Whether trying the same mail again would be of no use.
    public var isPermanent: Bool {
        switch code {
        case .invalidURL, .invalidTemplate, .unknownTemplate, .incomplete, .malformed, .refused: true
        default: false
        }
    }

    /// Whether every other mail would meet the same fault: it is about the transport and not about this mail.
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
