// SPDX-License-Identifier: Apache-2.0
import Foundation

extension SettingsReader {
    /// An address or a name to listen on; for any other text the fault names the correct format.
    ///
    /// - Parameters:
    ///   - name: the name of the setting.
    ///   - fallback: the value if the setting is absent or wrong.
    ///   - port: the name of the port's setting, for the fault if a port follows the host.
    public mutating func host(_ name: String, default fallback: String, port: String) -> String {
        guard let text = string(name) else { return fallback }
        let host = text.trimmingCharacters(in: .whitespacesAndNewlines)
        if let form = Self.wantedForm(of: host, port: port) {
            fault(name, form)
            return fallback
        }
        return host
    }

    /// The fault for an invalid host, with the correct format; nil for a valid address or name.
    private static func wantedForm(of host: String, port: String) -> String? {
        let colons = host.count { $0 == ":" }
        if host == "*" { return "must be an address: 0.0.0.0 for every IPv4 address, :: for every address" }
        if host.contains("/") {
            return "must be an address or a name, such as 127.0.0.1, without a URL around it"
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            return "must be an address without brackets, such as :: for every address"
        }
        if host.hasPrefix("[") || colons == 1 {
            return "must be an address or a name without a port; the port is set by \(port)"
        }
        let isName = host.utf8.allSatisfy { byte in
            Self.nameBytes.contains(byte)
                || colons > 1 && (byte == UInt8(ascii: ":") || byte == UInt8(ascii: "%"))
        }
        return isName ? nil : "must be an address, such as 127.0.0.1 or ::1, or a name"
    }

    private static let nameBytes = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_".utf8)
}
