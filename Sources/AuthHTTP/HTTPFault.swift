// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

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

    /// Determines the cause of an error of AsyncHTTPClient or NIO.
    ///
    /// - Parameter isProxied: whether the connection was to a proxy.
    public init(_ error: any Error, isProxied: Bool = false) {
        let fault = Self.connecting(error).map { fault in
            isProxied ? HTTPFault(fault.cause, "the proxy of HTTPS_PROXY: \(fault.message)") : fault
        }
        // The type only: the text of an underlying error may quote the request.
        self = fault ?? Self.speaking(error) ?? Self.network(error) ?? HTTPFault(.other, "\(type(of: error))")
    }

    /// An error while connecting to the server or the proxy.
    private static func connecting(_ error: any Error) -> HTTPFault? {
        switch error {
        case let error as NIOConnectionError:
            guard let last = error.connectionErrors.last?.error else {
                return HTTPFault(.unknownHost, "unknown host: the name has no address")
            }
            return connecting(last) ?? network(last) ?? HTTPFault(.other, "\(type(of: last))")
        case is SocketAddressError: return HTTPFault(.unknownHost, "unknown host: the name has no address")
        case ChannelError.connectTimeout: return HTTPFault(.timedOut, "time-out while connecting")
        case let error as HTTPClientError where error == .connectTimeout:
            return HTTPFault(.timedOut, "time-out while connecting")
        default: return nil
        }
    }

    private static func network(_ error: any Error) -> HTTPFault? {
        guard let error = error as? IOError else {
            return error is ChannelError ? HTTPFault(.closed, "connection closed") : nil
        }
        return switch error.errnoCode {
        case ECONNREFUSED: HTTPFault(.refused, "connection refused")
        case ENETUNREACH, EHOSTUNREACH: HTTPFault(.noRoute, "no route to the host")
        case ETIMEDOUT: HTTPFault(.timedOut, "time-out")
        default: HTTPFault(.closed, "connection closed (errno \(error.errnoCode))")
        }
    }

    private static func speaking(_ error: any Error) -> HTTPFault? {
        switch error {
        case let error as NIOSSLError:
            guard case .handshakeFailed(let reason) = error else {
                return HTTPFault(.closed, "connection closed")
            }
            return handshake("\(reason)")
        case let error as NIOSSLExtraError:
            return error == .failedToValidateHostname || error == .serverHostnameImpossibleToMatch
                ? HTTPFault(.wrongName, "the certificate is for another host name")
                : HTTPFault(.tls, "the TLS handshake failed")
        case let error as HTTPClientError:
            switch error {
            case .deadlineExceeded, .readTimeout, .writeTimeout, .tlsHandshakeTimeout,
                .getConnectionFromPoolTimeout:
                return HTTPFault(.timedOut, "time-out: no response in time")
            case .httpProxyHandshakeTimeout:
                return HTTPFault(.timedOut, "the proxy of HTTPS_PROXY: time-out")
            case .proxyAuthenticationRequired:
                return HTTPFault(
                    .proxy, "the proxy of HTTPS_PROXY requires a user and password, or rejects them")
            case .invalidProxyResponse:
                return HTTPFault(.proxy, "the proxy of HTTPS_PROXY refuses to connect to the host")
            case .remoteConnectionClosed: return HTTPFault(.closed, "connection closed before the response")
            default: return HTTPFault(.other, error.shortDescription)
            }
        case is CancellationError:
            return HTTPFault(.timedOut, "time-out: cancelled before a response arrived")
        default: return nil
        }
    }

    /// Interprets BoringSSL's error text, which does not contain the reason for refusing a certificate.
    private static func handshake(_ reason: String) -> HTTPFault {
        if reason.contains("CERTIFICATE_VERIFY_FAILED") {
            return HTTPFault(
                .untrustedCertificate,
                "unknown CA: the certificate is not from a trusted authority, or not valid now; SSL_CERT_FILE can name "
                    + "a file of authorities to trust")
        }
        if reason.contains("WRONG_VERSION_NUMBER") {
            return HTTPFault(.tls, "the TLS handshake failed: the port does not speak TLS")
        }
        return HTTPFault(.tls, "the TLS handshake failed")
    }
}
