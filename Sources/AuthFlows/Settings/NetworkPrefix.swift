// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Whom an address belongs to, as far as limits go.
enum NetworkPrefix {
    /// The address; of IPv6 only its first bits, since who has one address there has a whole network of them.
    static func of(_ ip: String, ipv6Bits: Int) -> String {
        let text = ip.split(separator: "%").first.map(String.init) ?? ip
        var address = in6_addr()
        guard text.contains(":"), inet_pton(AF_INET6, text, &address) == 1 else { return ip }
        let bytes = withUnsafeBytes(of: address) { Array($0) }
        // IPv4 in IPv6's clothes is one address.
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
