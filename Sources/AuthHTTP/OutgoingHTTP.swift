// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import NIOSSL

/// How this process reaches other HTTP servers: whom it trusts, and through which proxy.
///
/// ```swift
/// var outgoing = OutgoingHTTP()
/// outgoing.authoritiesFile = "/etc/ssl/private-ca.pem"
/// outgoing.proxy = HTTPProxy("http://proxy.example.org:3128")
/// ```
public struct OutgoingHTTP: Sendable {
    /// `SSL_CERT_FILE`: a PEM file of the authorities to trust in place of the system's, as for OpenSSL.
    public var authoritiesFile: String?
    /// `HTTPS_PROXY`: what requests by https go through (`CONNECT`); plain http, which is for this machine and for
    /// tests, never does.
    public var proxy: HTTPProxy?
    /// `NO_PROXY`: the hosts that are reached without the proxy. This machine always is.
    public var exceptions = ProxyExceptions()

    public init() {}

    /// Reads `SSL_CERT_FILE`, `HTTPS_PROXY` and `NO_PROXY`; faults are left in the reader and quote no value.
    public init(reading reader: inout SettingsReader) {
        authoritiesFile = reader.value(
            "SSL_CERT_FILE", default: nil as String?, "a readable PEM file with at least one certificate"
        ) { path in
            (try? NIOSSLCertificate.fromPEMFile(path)).flatMap { $0.isEmpty ? nil : .some(path) }
        }
        proxy = reader.value(
            "HTTPS_PROXY", default: nil as HTTPProxy?,
            "http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with user and password percent-encoded"
        ) { HTTPProxy($0).map(Optional.some) }
        if let text = reader.string("NO_PROXY") { exceptions = ProxyExceptions(text) }
    }

    /// The proxy that a request to the address goes through; nil if it goes straight there.
    public func proxy(for url: URL) -> HTTPProxy? {
        guard let proxy, url.scheme?.lowercased() == "https", let host = url.host, !Loopback.isHost(host),
            !exceptions.contains(host: host, port: url.port ?? 443)
        else { return nil }
        return proxy
    }
}

/// An HTTP proxy, which is itself spoken to without TLS.
public struct HTTPProxy: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public var host: String
    public var port: Int
    /// For `Proxy-Authorization: Basic`; nil if the proxy asks for nothing.
    public var user: String?
    public var password: String?

    public init(host: String, port: Int, user: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    /// Reads `http://user:password@host:port/`; the scheme may be left out, without a port it is 80.
    public init?(_ text: String) {
        guard let parts = URLComponents(string: text.contains("://") ? text : "http://" + text),
            parts.scheme?.lowercased() == "http", let host = parts.host, !host.isEmpty,
            ["", "/"].contains(parts.path), parts.query == nil, parts.fragment == nil,
            (1...65535).contains(parts.port ?? 80)
        else { return nil }
        let address = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
        self.init(host: address, port: parts.port ?? 80, user: parts.user, password: parts.password)
    }

    /// Host and port; never the user or the password.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: ["address": description]) }
}
