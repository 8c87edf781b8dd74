// SPDX-License-Identifier: Apache-2.0
import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

/// Why an HTTP server gave no answer, in words for an operator: no part of the request is in them.
public struct HTTPFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; more kinds may be added.
    public struct Cause: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case unknownHost, refused, noRoute, timedOut, untrustedCertificate, wrongName, tls, proxy, closed,
                other
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The host's name has no address.
        public static let unknownHost = Cause(.unknownHost)
        /// No process listens at the port.
        public static let refused = Cause(.refused)
        /// The network does not lead there.
        public static let noRoute = Cause(.noRoute)
        /// No connection, or no answer, in time.
        public static let timedOut = Cause(.timedOut)
        /// The certificate is of an unknown authority, or not valid now.
        public static let untrustedCertificate = Cause(.untrustedCertificate)
        /// The certificate is for another host.
        public static let wrongName = Cause(.wrongName)
        /// The TLS handshake failed for another reason.
        public static let tls = Cause(.tls)
        /// The proxy refuses, or is no proxy.
        public static let proxy = Cause(.proxy)
        /// The connection was closed before the answer was complete.
        public static let closed = Cause(.closed)
        /// Anything else.
        public static let other = Cause(.other)

        public var description: String { kind.rawValue }
    }

    public let cause: Cause
    /// What is wrong and, if we know it, what to do.
    public let message: String

    public var description: String { message }

    public init(_ cause: Cause, _ message: String) {
        self.cause = cause
        self.message = message
    }

    /// Names the cause of an error of AsyncHTTPClient or NIO.
    ///
    /// - Parameter isProxied: whether the connection was to a proxy.
    public init(_ error: any Error, isProxied: Bool = false) {
        let fault = Self.connecting(error).map { fault in
            isProxied ? HTTPFault(fault.cause, "the proxy of HTTPS_PROXY: \(fault.message)") : fault
        }
        // The kind only: the text of an error from below may quote the request.
        self = fault ?? Self.speaking(error) ?? Self.network(error) ?? HTTPFault(.other, "\(type(of: error))")
    }

    /// On the way to the server, or to the proxy.
    private static func connecting(_ error: any Error) -> HTTPFault? {
        switch error {
        case let error as NIOConnectionError:
            guard let last = error.connectionErrors.last?.error else {
                return HTTPFault(.unknownHost, "unknown host: its name has no address")
            }
            return connecting(last) ?? network(last) ?? HTTPFault(.other, "\(type(of: last))")
        case is SocketAddressError: return HTTPFault(.unknownHost, "unknown host: its name has no address")
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
                return HTTPFault(.timedOut, "time-out: no answer in time")
            case .httpProxyHandshakeTimeout:
                return HTTPFault(.timedOut, "the proxy of HTTPS_PROXY: time-out")
            case .proxyAuthenticationRequired:
                return HTTPFault(
                    .proxy, "the proxy of HTTPS_PROXY wants a user and a password, or others than these")
            case .invalidProxyResponse:
                return HTTPFault(.proxy, "the proxy of HTTPS_PROXY refuses to connect to the host")
            case .remoteConnectionClosed: return HTTPFault(.closed, "connection closed before the answer")
            default: return HTTPFault(.other, error.shortDescription)
            }
        case is CancellationError:
            return HTTPFault(.timedOut, "time-out: given up before there was an answer")
        default: return nil
        }
    }

    /// BoringSSL's words; its own reason for refusing a certificate is not among them.
    private static func handshake(_ reason: String) -> HTTPFault {
        if reason.contains("CERTIFICATE_VERIFY_FAILED") {
            return HTTPFault(
                .untrustedCertificate,
                "unknown CA: the certificate is not from a trusted authority, or not valid now; SSL_CERT_FILE names a "
                    + "file of the authorities to trust")
        }
        if reason.contains("WRONG_VERSION_NUMBER") {
            return HTTPFault(.tls, "the TLS handshake failed: the port does not speak TLS")
        }
        return HTTPFault(.tls, "the TLS handshake failed")
    }
}
