// SPDX-License-Identifier: Apache-2.0
import Foundation
public import Hummingbird
import Logging
import Synchronization

/// Finds out a client's address: the peer's, unless trusted proxies stand before this server.
///
/// What a client itself writes into `X-Forwarded-For` is never believed: entries are counted from the right,
/// where the trusted proxies append.
public struct ClientAddress: Sendable {
    /// `ALLAUTH_TRUSTED_PROXY_COUNT`: how many proxies append to `X-Forwarded-For`; 0: none.
    public var trustedProxyCount: Int
    /// `ALLAUTH_TRUSTED_CLIENT_IP_HEADER`: a header that a proxy sets to the client's address, whatever the
    /// client sent; it comes before `X-Forwarded-For`.
    public var trustedHeader: String?

    private let reports = Reports()

    public init(trustedProxyCount: Int = 0, trustedHeader: String? = nil) {
        self.trustedProxyCount = trustedProxyCount
        self.trustedHeader = trustedHeader
    }

    /// The client's address in its canonical form; the peer's where no proxy has told a valid one.
    ///
    /// - Parameter peer: the other end of the connection; nil where it has no IP address.
    public func address(headers: HTTPFields, peer: String?) -> String? {
        forwarded(headers) ?? peer.flatMap(Self.canonical)
    }

    /// Reports, the first time as a warning, that a request is not seen as its client's: a proxy forwarded it and
    /// none is trusted, or the trusted one has not said whose it is.
    func report(_ headers: HTTPFields, to logger: Logger) {
        if trustedHeader == nil, trustedProxyCount == 0 {
            guard let header = HeaderName.forwarding.first(where: { headers.contains($0) }) else { return }
            if reports.isUnbelievedReported.exchange(true, ordering: .relaxed) { return }
            logger.warning(
                "a forwarded request is not believed: rate limits, sessions and signals use the proxy's address for every client; set ALLAUTH_TRUSTED_PROXY_COUNT or ALLAUTH_TRUSTED_CLIENT_IP_HEADER",
                metadata: ["header": "\(header.rawName)"])
        } else if forwarded(headers) == nil {
            let isReported = reports.isMissingReported.exchange(true, ordering: .relaxed)
            logger.log(
                level: isReported ? .debug : .warning,
                "a request has no client address in the trusted header: the connection's address is used",
                metadata: ["header": "\(trustedHeader ?? HeaderName.forwardedFor.rawName)"])
        }
    }

    /// What was reported already, of a configuration and its copies.
    private final class Reports: Sendable {
        let isUnbelievedReported = Atomic(false)
        let isMissingReported = Atomic(false)
    }

    /// Whether a text can be a header's name.
    static func isHeaderName(_ text: String) -> Bool { HeaderName(text) != nil }

    private func forwarded(_ headers: HTTPFields) -> String? {
        if let trustedHeader, let name = HeaderName(trustedHeader) {
            return headers[name].flatMap(Self.canonical)
        }
        guard trustedProxyCount > 0 else { return nil }
        let hops = headers[values: .forwardedFor].flatMap { $0.split(separator: ",") }
        // Fewer hops than proxies: all of them were written by ours.
        guard let hop = hops.count < trustedProxyCount ? hops.first : hops[hops.count - trustedProxyCount]
        else { return nil }
        return Self.canonical(String(hop))
    }

    /// The address in canonical form, without a port; nil for a text that is none. An IPv4 address that is
    /// mapped into IPv6 becomes itself.
    static func canonical(_ text: String) -> String? {
        var text = text.trimmingCharacters(in: .whitespaces)
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            text = String(text[text.index(after: text.startIndex)..<end])
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            text = String(text[..<colon])
        }
        if text.lowercased().hasPrefix("::ffff:"), text.contains(".") { text = String(text.dropFirst(7)) }
        if let ipv4 = canonical(text, AF_INET, bytes: 4) { return ipv4 }
        // A mapped address may be written in hexadecimal, too.
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
