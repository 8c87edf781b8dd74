// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// The origins whose pages may send a browser's requests: this server's own and `CSRF_TRUSTED_ORIGINS`.
package struct TrustedOrigins: Sendable {
    private let exact: Set<String>
    /// A scheme and a suffix of the host, such as `https://` and `.example.org`.
    private let wild: [(scheme: String, suffix: String)]

    /// - Parameters:
    ///   - publicURL: `PUBLIC_URL`; a request's `Host` is not used.
    ///   - others: origins such as `https://app.example.org` or `https://*.example.org`.
    package init(publicURL: String, others: [String]) {
        var exact = Set([publicURL].compactMap(Self.origin))
        var wild: [(String, String)] = []
        for other in others {
            let parts = other.lowercased().split(separator: "://*", maxSplits: 1)
            if parts.count == 2 {
                wild.append((parts[0] + "://", String(parts[1])))
            } else if let origin = Self.origin(other) {
                exact.insert(origin)
            }
        }
        self.exact = exact
        self.wild = wild
    }

    /// Whether a URL belongs to a trusted origin.
    package func trusts(_ url: String) -> Bool {
        guard let origin = Self.origin(url) else { return false }
        return exact.contains(origin)
            || wild.contains { origin.hasPrefix($0.scheme) && origin.hasSuffix($0.suffix) }
    }

    /// Whether a text is only an origin, with or without a `*` for subdomains.
    package static func isOrigin(_ text: String) -> Bool {
        let text = text.lowercased()
        let plain = text.replacing("://*.", with: "://", maxReplacements: 1)
        guard !plain.contains("*"), origin(plain) != nil, let parts = URLComponents(string: plain) else {
            return false
        }
        return parts.path.isEmpty && parts.query == nil && parts.fragment == nil && parts.user == nil
    }

    /// `scheme://host[:port]` of a URL (RFC 6454), without a default port; nil if it has no host.
    package static func origin(_ url: String) -> String? {
        guard let parts = URLComponents(string: url), let scheme = parts.scheme?.lowercased(),
            scheme == "https" || scheme == "http", let host = parts.encodedHost?.lowercased(),
            !host.isEmpty, host.utf8.allSatisfy(isOfHost)
        else { return nil }
        let standard = scheme == "https" ? 443 : 80
        guard let port = parts.port, port != standard else { return "\(scheme)://\(host)" }
        return "\(scheme)://\(host):\(port)"
    }

    /// Whether a byte may occur in a host name or address. Parsers disagree about others, such as those of `%2F`: for
    /// some of them the host ends there, for others it does not.
    private static func isOfHost(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        default: "-._:[]".utf8.contains(byte)
        }
    }
}

extension AccountSettings {
    /// The address for a redirect, if it is allowed: on this server, at a front end, or at a trusted origin. Others are
    /// rejected, so that this server is not an open redirector.
    ///
    /// - Parameter text: an address, or a path on this server.
    package func redirectTarget(_ text: String) -> URL? {
        // Browsers treat a backslash as a slash, and ignore control characters. Bytes are compared, not characters: with
        // a variation selector after it, a slash is another character, but browsers ignore the selector in a host.
        let slash = UInt8(ascii: "/")
        let bytes = Array(text.utf8)
        guard bytes.count <= 2048,
            bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") })
        else { return nil }
        let absolute =
            bytes.first == slash && !bytes.starts(with: [slash, slash]) ? links.ownPage(text) : text
        guard let url = URL(string: absolute), url.user() == nil, url.password() == nil,
            redirectOrigins.trusts(absolute)
        else { return nil }
        return url
    }

    private var redirectOrigins: TrustedOrigins {
        let pages = [
            links.confirmEmail, links.resetPasswordFromKey, links.resetPassword, links.signup,
            links.socialLoginError,
        ]
        return TrustedOrigins(
            publicURL: links.publicURL,
            others: pages.compactMap { $0?.replacing("{key}", with: "key") } + social.redirectOrigins)
    }
}
