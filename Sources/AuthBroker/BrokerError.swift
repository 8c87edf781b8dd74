// SPDX-License-Identifier: Apache-2.0

/// A failure of a broker connection, or of a request to the broker.
///
/// AMQP's reply code and the broker's reply text are kept. It contains neither an address nor a password.
public struct BrokerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidURL = "invalid_url"
            case unreachable, tls
            case accessRefused = "access_refused"
            case notFound = "not_found"
            case topologyMismatch = "topology_mismatch"
            case consumerCancelled = "consumer_cancelled"
            case unconfirmed
            case notMoved = "not_republished"
            case connectionLost = "connection_lost"
            case refusedByBroker = "refused_by_broker"
            case invalidValue = "invalid_value"
            case stopped, exhausted
            case protocolError = "protocol_error"
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The URL cannot be used; the message says what to change in it.
        public static let invalidURL = Code(.invalidURL)
        /// The host does not respond: its name is unknown, the port is closed, or the attempt timed out.
        public static let unreachable = Code(.unreachable)
        /// The broker's certificate was not accepted, or a certificate file cannot be used.
        public static let tls = Code(.tls)
        /// Wrong user or password, a missing permission (AMQP 403), or a virtual host that does not exist or that the
        /// user may not access (530). ``BrokerError/missing`` holds the permission.
        public static let accessRefused = Code(.accessRefused)
        /// An exchange or a queue does not exist (AMQP 404).
        public static let notFound = Code(.notFound)
        /// An exchange or a queue exists with different arguments (AMQP 406).
        public static let topologyMismatch = Code(.topologyMismatch)
        /// The broker cancelled the consumer: its queue was deleted or, on RabbitMQ 4.3, a delivery was unsettled for
        /// longer than the broker's consumer timeout.
        public static let consumerCancelled = Code(.consumerCancelled)
        /// The broker did not confirm a message in time.
        public static let unconfirmed = Code(.unconfirmed)
        /// A copy of a delivery was not republished; the delivery is still unsettled.
        public static let notMoved = Code(.notMoved)
        /// The connection was lost.
        public static let connectionLost = Code(.connectionLost)
        /// The broker closed the channel or the connection for another reason.
        public static let refusedByBroker = Code(.refusedByBroker)
        /// A message or a name breaks AMQP's limits.
        public static let invalidValue = Code(.invalidValue)
        /// The operation was interrupted by a stop.
        public static let stopped = Code(.stopped)
        /// The peer is not an AMQP 0-9-1 broker, or it violated the protocol, for example with a delivery tag out of
        /// sequence. The connection is closed and opened again; unsettled messages are delivered, or published, again.
        public static let protocolError = Code(.protocolError)
        /// The process ran out of memory or file descriptors for a connection.
        public static let exhausted = Code(.exhausted)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong and, if known, what to do.
    public let message: String
    /// AMQP's reply code if the broker sent one, such as 406.
    public let replyCode: Int?
    /// The permission that the user lacks, if that is why the broker refused (``Code/accessRefused``).
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
