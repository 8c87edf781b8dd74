// SPDX-License-Identifier: Apache-2.0

/// What can go wrong between us and a broker.
///
/// AMQP's own number and the broker's own words are kept. Neither an address nor a password is in it.
public struct BrokerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidURL, unreachable, tls, accessRefused, notFound, topologyMismatch, consumerCancelled
            case unconfirmed, notMoved, connectionLost, refusedByBroker, invalidValue, stopped
            case exhausted, protocolError
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The URL cannot be used; the message says what to change in it.
        public static let invalidURL = Code(.invalidURL)
        /// Nobody answers: the name is unknown, the port is closed, or time is up.
        public static let unreachable = Code(.unreachable)
        /// The broker is not who it should be, or a certificate file cannot be used.
        public static let tls = Code(.tls)
        /// Wrong user or password, a permission that the user lacks (AMQP 403), or a virtual host that does not exist
        /// or is not ours (530). ``BrokerError/missing`` holds the permission.
        public static let accessRefused = Code(.accessRefused)
        /// An exchange or a queue does not exist (AMQP 404).
        public static let notFound = Code(.notFound)
        /// An exchange or a queue exists with other arguments than ours (AMQP 406).
        public static let topologyMismatch = Code(.topologyMismatch)
        /// The broker ended our consumer: its queue was deleted or, on RabbitMQ 4.3, a delivery was unsettled for
        /// longer than the broker's consumer timeout.
        public static let consumerCancelled = Code(.consumerCancelled)
        /// The broker did not confirm a message in time.
        public static let unconfirmed = Code(.unconfirmed)
        /// A copy of a delivery was not stored; the delivery is still unsettled.
        public static let notMoved = Code(.notMoved)
        /// The connection broke.
        public static let connectionLost = Code(.connectionLost)
        /// The broker closed the channel or the connection for another reason.
        public static let refusedByBroker = Code(.refusedByBroker)
        /// A message or a name breaks AMQP's limits.
        public static let invalidValue = Code(.invalidValue)
        /// It was stopped.
        public static let stopped = Code(.stopped)
        /// The peer is not an AMQP 0-9-1 broker, or it sent what the protocol does not allow, such as a delivery
        /// tag out of sequence. The connection is closed and opened again; what was unsettled is delivered, or
        /// published, again.
        public static let protocolError = Code(.protocolError)
        /// The process has no memory or no file descriptor left for a connection.
        public static let exhausted = Code(.exhausted)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong and, where we know it, what to do.
    public let message: String
    /// AMQP's reply code where the broker sent one, such as 406.
    public let replyCode: Int?
    /// What the user may not do, where the broker refused that (``Code/accessRefused``).
    public let missing: MissingPermission?

    public init(
        _ code: Code, _ message: String, replyCode: Int? = nil, missing: MissingPermission? = nil
    ) {
        self.code = code
        self.message = message
        self.replyCode = replyCode
        self.missing = missing
    }

    public var description: String { "\(code): \(message)" }
}
