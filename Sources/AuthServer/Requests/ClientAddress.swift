// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Hummingbird
import Logging
import Synchronization

/// Determines a client's address: the peer's, unless trusted proxies forward requests to this server.
///
/// Entries of `X-Forwarded-For` that the client itself has written are never trusted: entries are counted from the
/// right, where the trusted proxies append.
public struct ClientAddress: Sendable {
    /// `ALLAUTH_TRUSTED_PROXY_COUNT`: how many proxies append to `X-Forwarded-For`; 0 if there are none.
    public var trustedProxyCount: Int
    /// `ALLAUTH_TRUSTED_CLIENT_IP_HEADER`: a header that a proxy always overwrites with the client's address; it takes
    /// precedence over `X-Forwarded-For`.
    public var trustedHeader: String?

    private let reports = Reports()

    public init(trustedProxyCount: Int = 0, trustedHeader: String? = nil) {
        self.trustedProxyCount = trustedProxyCount
        self.trustedHeader = trustedHeader
    }

    /// The client's address in its canonical form; the peer's if no trusted proxy has sent a valid one.
    ///
    /// - Parameters:
    ///   - headers: the request's headers.
    ///   - peer: the peer's address; nil if it has no IP address.
    public func address(headers: HTTPFields, peer: String?) -> String? {
        forwarded(headers) ?? peer.flatMap(Self.canonical)
    }

    /// Logs, the first time as a warning, that the client's address of a request is unknown: a proxy forwarded it but
    /// no proxy is trusted, or the trusted proxy has not sent a valid address.
    func report(_ headers: HTTPFields, to logger: Logger) {
        if trustedHeader == nil, trustedProxyCount == 0 {
            guard let header = HeaderName.forwarding.first(where: { headers.contains($0) }) else { return }
            if reports.isUnbelievedReported.exchange(true, ordering: .relaxed) { return }
            logger.warning(
                "forwarding header ignored, no proxy is trusted: rate limits, sessions and signals use the proxy's address for every client; set ALLAUTH_TRUSTED_PROXY_COUNT or ALLAUTH_TRUSTED_CLIENT_IP_HEADER",
                metadata: ["header": "\(header.rawName)"])
        } else if forwarded(headers) == nil {
            let isReported = reports.isMissingReported.exchange(true, ordering: .relaxed)
            logger.log(
                level: isReported ? .debug : .warning,
                "client address missing in the trusted header: using the connection's address",
                metadata: ["header": "\(trustedHeader ?? HeaderName.forwardedFor.rawName)"])
        }
    }

    /// Which warnings were already logged, shared by all copies of a configuration.
    private final class Reports: Sendable {
        let isUnbelievedReported = Atomic(false)
        let isMissingReported = Atomic(false)
    }

    /// Whether the text is a valid header name.
    static func isHeaderName(_ text: String) -> Bool { HeaderName(text) != nil }

    private func forwarded(_ headers: HTTPFields) -> String? {
        if let trustedHeader, let name = HeaderName(trustedHeader) {
            return headers[name].flatMap(Self.canonical)
        }
        guard trustedProxyCount > 0 else { return nil }
        let hops = headers[values: .forwardedFor].flatMap { $0.split(separator: ",") }
        // Fewer hops than proxies: all of them were written by trusted proxies.
        guard let hop = hops.count < trustedProxyCount ? hops.first : hops[hops.count - trustedProxyCount]
        else { return nil }
        return Self.canonical(String(hop))
    }

    /// The address in canonical form, without a port; nil if the text is not an address. An IPv4-mapped IPv6 address
    /// becomes an IPv4 address.
    static func canonical(_ text: String) -> String? {
        var text = text.trimmingCharacters(in: .whitespaces)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = String(text[text.index(after: text.startIndex)..<end])
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            text = String(text[..<colon])
        }
        if text.lowercased().hasPrefix("::ffff:"), text.contains(".") { text = String(text.dropFirst(7)) }
        if let ipv4 = canonical(text, AF_INET, bytes: 4) { return ipv4 }
        // An IPv4-mapped address may be written in hexadecimal, too.
        guard let ipv6 = canonical(text, AF_INET6, bytes: 16) else { return nil }
        return ipv6.hasPrefix("::ffff:")
            ? canonical(String(ipv6.dropFirst(7)), AF_INET, bytes: 4) ?? ipv6 : ipv6
    }

    private static func canonical(_ text: String, _ family: Int32, bytes: Int) -> String? {
        var address = [UInt8](repeating: 0, count: bytes)
        guard inet_pton(family, text, &address) == 1 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(family, &address, &buffer, socklen_t(buffer.count)) != nil else { return nil }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
