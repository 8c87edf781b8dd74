// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The hosts that are reached without a proxy: `NO_PROXY`, parsed as by curl and Go.
///
/// Entries are separated by commas or spaces: `*` (all hosts), a name (`example.org`, which includes its subdomains;
/// `.example.org` means only those), an address (`10.1.2.3`, `fd00::1`) or a network (`10.0.0.0/8`). A name or an
/// address may have a port (`example.org:8443`, `[fd00::1]:8443`).
public struct ProxyExceptions: Hashable, Sendable {
    private enum Entry: Hashable, Sendable {
        case all
        case name(String, port: Int?, belowOnly: Bool)
        /// The first `bits` bits of an address.
        case network([UInt8], bits: Int, port: Int?)
    }

    private var entries: [Entry] = []

    /// No exceptions.
    public init() {}

    /// Parses a list of entries; entries of another form are ignored.
    public init(_ text: String) {
        entries = text.lowercased().split { $0 == "," || $0.isWhitespace }.compactMap {
            Self.entry(String($0))
        }
    }

    private static func entry(_ text: String) -> Entry? {
        if text == "*" { return .all }
        if let slash = text.lastIndex(of: "/") {
            guard let address = bytes(of: String(text[..<slash])),
                let bits = Int(text[text.index(after: slash)...]),
                (0...address.count * 8).contains(bits)
            else { return nil }
            return .network(address, bits: bits, port: nil)
        }
        let (host, port) = split(text)
        if let address = bytes(of: host) { return .network(address, bits: address.count * 8, port: port) }
        let name = host.drop { $0 == "*" }.drop { $0 == "." }
        return name.isEmpty ? nil : .name(canonical(String(name)), port: port, belowOnly: host.first == ".")
    }

    /// A host and its port, if it has one; an IPv6 address with a port is in brackets.
    private static func split(_ text: String) -> (host: String, port: Int?) {
        if text.hasPrefix("["), let end = text.firstIndex(of: "]") {
            let host = String(text[text.index(after: text.startIndex)..<end])
            return (host, Int(text[text.index(after: end)...].drop { $0 == ":" }))
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        guard parts.count == 2, let port = Int(parts[1]) else { return (text, nil) }
        return (String(parts[0]), port)
    }

    /// Whether the host is reached without a proxy.
    ///
    /// - Parameters:
    ///   - host: the host of the request.
    ///   - port: the port of the connection.
    public func contains(host: String, port: Int) -> Bool {
        let name = Self.canonical(host.lowercased())
        let address = Self.bytes(of: name.hasPrefix("[") ? String(name.dropFirst().dropLast()) : name)
        return entries.contains { entry in
            switch entry {
            case .all: return true
            case .name(let own, let ownPort, let belowOnly):
                guard address == nil, ownPort == nil || ownPort == port else { return false }
                return name == own && !belowOnly || name.hasSuffix("." + own)
            case .network(let own, let bits, let ownPort):
                guard let address, ownPort == nil || ownPort == port else { return false }
                return address.count == own.count && Self.agree(address, own, bits)
            }
        }
    }

    /// The name without the trailing dot of a fully qualified name.
    private static func canonical(_ name: String) -> String {
        name.count > 1 && name.hasSuffix(".") ? String(name.dropLast()) : name
    }

    private static func agree(_ one: [UInt8], _ other: [UInt8], _ bits: Int) -> Bool {
        zip(one, other).enumerated().allSatisfy { index, pair in
            let counted = min(8, max(0, bits - index * 8))
            return (pair.0 ^ pair.1) >> (8 - counted) == 0
        }
    }

    /// The bytes of an IP address; nil for a name.
    private static func bytes(of text: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: &four, Array.init) }
        var six = in6_addr()
        if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: &six, Array.init) }
        return nil
    }
}
