// SPDX-License-Identifier: Apache-2.0

/// Why an HTTP request got no response, as a message for an operator that contains no part of the request.
public struct HTTPFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error; more kinds may be added.
    public struct Cause: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case unknownHost = "unknown_host"
            case noRoute = "no_route"
            case timedOut = "timed_out"
            case untrustedCertificate = "untrusted_certificate"
            case wrongName = "wrong_name"
            case tooLarge = "too_large"
            case shutDown = "shut_down"
            case refused, tls, proxy, closed, other
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The host name has no address.
        public static let unknownHost = Cause(.unknownHost)
        /// No process listens on the port.
        public static let refused = Cause(.refused)
        /// The network has no route to the host.
        public static let noRoute = Cause(.noRoute)
        /// No connection or no response in time.
        public static let timedOut = Cause(.timedOut)
        /// The certificate is from an unknown authority, or not valid now.
        public static let untrustedCertificate = Cause(.untrustedCertificate)
        /// The certificate is for another host.
        public static let wrongName = Cause(.wrongName)
        /// The TLS handshake failed for another reason.
        public static let tls = Cause(.tls)
        /// The proxy refuses, or the server is not a proxy.
        public static let proxy = Cause(.proxy)
        /// The connection was closed before the response was complete.
        public static let closed = Cause(.closed)
        /// The body, or the headers, are larger than permitted.
        public static let tooLarge = Cause(.tooLarge)
        /// The connections were shut down: the process is stopping.
        public static let shutDown = Cause(.shutDown)
        /// Any other error.
        public static let other = Cause(.other)

        public var description: String { kind.rawValue }
    }

    public let cause: Cause
    /// What is wrong and, if known, what to do about it.
    public let message: String

    public var description: String { message }

    public init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }
}
