// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// How this process connects to other HTTP servers: which authorities it trusts, and which proxy it uses.
///
/// ```swift
/// var outgoing = OutgoingHTTP()
/// outgoing.authoritiesFile = "/etc/ssl/private-ca.pem"
/// outgoing.proxy = HTTPProxy("http://proxy.example.org:3128")
/// ```
public struct OutgoingHTTP: Sendable {
    /// `SSL_CERT_FILE`: a PEM file of the certificate authorities to trust instead of the system's, as for OpenSSL.
    public var authoritiesFile: String?
    /// `HTTPS_PROXY`: the proxy for https requests (`CONNECT`). Plain http, which is for this machine and for tests,
    /// never uses a proxy.
    public var proxy: HTTPProxy?
    /// `NO_PROXY`: the hosts that are reached without the proxy. Loopback addresses always are.
    public var exceptions = ProxyExceptions()

    public init() {}

    /// Reads `SSL_CERT_FILE`, `HTTPS_PROXY` and `NO_PROXY`; errors are collected in the reader and quote no value.
    public init(reading reader: inout SettingsReader) {
        authoritiesFile = reader.value(
            "SSL_CERT_FILE", default: nil as String?, "a readable PEM file with at least one certificate"
        ) { Self.hasCertificates($0) ? .some($0) : nil }
        proxy = reader.value(
            "HTTPS_PROXY", default: nil as HTTPProxy?,
            "http://HOST:PORT, or http://USER:PASSWORD@HOST:PORT with user and password percent-encoded"
        ) { HTTPProxy($0).map(Optional.some) }
        if let text = reader.string("NO_PROXY") { exceptions = ProxyExceptions(text) }
    }

    /// Whether a PEM file can be read and has at least one certificate.
    package static func hasCertificates(_ path: String) -> Bool {
        CertificateFile.isUsable(path)
    }

    /// The proxy for requests to a URL; nil for a direct connection.
    public func proxy(for url: URL) -> HTTPProxy? {
        guard let proxy, url.scheme?.lowercased() == "https", let host = url.host, !Loopback.isHost(host),
            !exceptions.contains(host: host, port: url.port ?? 443)
        else { return nil }
        return proxy
    }
}

/// An HTTP proxy. The connection to the proxy itself does not use TLS.
public struct HTTPProxy: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible,
    CustomReflectable
{
    public var host: String
    public var port: Int
    /// The user for `Proxy-Authorization: Basic`; nil if the proxy requires no log-in.
    public var user: String?
    public var password: String?

    public init(host: String, port: Int, user: String? = nil, password: String? = nil) {
        self.host = host
        self.port = port
        self.user = user
        self.password = password
    }

    /// Reads `http://user:password@host:port/`; the scheme may be omitted, and the default port is 80.
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
