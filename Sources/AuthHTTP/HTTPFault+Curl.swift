// SPDX-License-Identifier: Apache-2.0
import CCurl
import Foundation

extension HTTPFault {
    static let shutDown = HTTPFault(.shutDown, "the HTTP connections were shut down")
    static let cancelled = HTTPFault(.timedOut, "time-out: cancelled before a response arrived")
    static let unusable = HTTPFault(.other, "the request has an invalid URL, method or header")
    static let libraryFailed = HTTPFault(.other, "libcurl could not be used, or memory is exhausted")

    /// The fault of a transfer; nil if a response has arrived.
    ///
    /// - Parameter isProxied: whether the connection was to a proxy.
    init?(_ result: CCurlHTTPResult, isProxied: Bool) {
        // Until the proxy has connected to the host, errors of the connection are about the proxy.
        let isAboutProxy = isProxied && result.step != .exchanging
        let proxied = isAboutProxy ? "the proxy of HTTPS_PROXY: " : ""
        switch result.status {
        case .ok: return nil
        case .unknownHost: self.init(.unknownHost, "\(proxied)unknown host: the name has no address")
        case .unreachable: self = Self.network(result.osError, proxied)
        case .timedOut where result.step == .connecting:
            self.init(.timedOut, "\(proxied)time-out while connecting")
        case .timedOut where result.step == .tunnelling: self.init(.timedOut, "\(proxied)time-out")
        case .timedOut: self.init(.timedOut, "time-out: no response in time")
        case .untrusted:
            self.init(
                .untrustedCertificate,
                "unknown CA: the certificate is not from a trusted authority, or not valid now; SSL_CERT_FILE can name "
                    + "a file of authorities to trust")
        case .wrongName: self.init(.wrongName, "the certificate is for another host name")
        case .notTLS: self.init(.tls, "the TLS handshake failed: the port does not speak TLS")
        case .tlsFailed: self.init(.tls, "the TLS handshake failed")
        case .noAuthorities: self.init(.tls, "the file of SSL_CERT_FILE cannot be read")
        case .proxyRefused where result.proxyCode == 407:
            self.init(.proxy, "the proxy of HTTPS_PROXY requires a user and password, or rejects them")
        case .proxyRefused: self.init(.proxy, "the proxy of HTTPS_PROXY refuses to connect to the host")
        case .closed: self.init(.closed, "\(proxied)connection closed before the response was complete")
        case .tooLarge: self.init(.tooLarge, "the response is too large")
        case .largeHead: self.init(.tooLarge, "the response is too large: its headers have more than 64 KiB")
        case .notHTTP: self.init(.other, "the response is not HTTP/1")
        case .invalid: self = .unusable
        case .noMemory: self = .libraryFailed
        default: self.init(.other, "HTTP error (libcurl \(result.curlCode))")
        }
    }

    private static func network(_ error: Int32, _ proxied: String) -> HTTPFault {
        switch error {
        case ECONNREFUSED: HTTPFault(.refused, "\(proxied)connection refused")
        case ENETUNREACH, EHOSTUNREACH: HTTPFault(.noRoute, "\(proxied)no route to the host")
        case ETIMEDOUT: HTTPFault(.timedOut, "\(proxied)time-out while connecting")
        default: HTTPFault(.closed, "\(proxied)connection closed (errno \(error))")
        }
    }
}
