// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The key that rate limits count an IP address under.
enum NetworkPrefix {
    /// An IPv4 address, or the prefix of an IPv6 address, since an IPv6 client usually has a whole network of
    /// addresses.
    static func of(_ ip: String, ipv6Bits: Int) -> String {
        let text = ip.split(separator: "%").first.map(String.init) ?? ip
        var address = in6_addr()
        guard text.contains(":"), inet_pton(AF_INET6, text, &address) == 1 else { return ip }
        let bytes = withUnsafeBytes(of: address) { Array($0) }
        // An IPv4-mapped IPv6 address (RFC 4291, section 2.5.5.2) counts as its IPv4 address.
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff {
            return bytes[12...].map(String.init).joined(separator: ".")
        }
        let kept = bytes.enumerated().map { index, byte in
            let bits = min(8, max(0, ipv6Bits - index * 8))
            return bits == 0 ? UInt8(0) : byte & ~UInt8(truncatingIfNeeded: 0xff >> bits)
        }
        return kept.map { String($0, radix: 16) }.joined(separator: ":") + "/\(ipv6Bits)"
    }
}
