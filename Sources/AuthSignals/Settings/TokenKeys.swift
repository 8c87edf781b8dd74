// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The keys that seal providers' tokens for the wire: `SIGNALS_TOKEN_KEYS`, the same value on both sides.
///
/// `kid:key,kid2:key2`: the first key seals, all of them open. To rotate a key, append the new one everywhere, then
/// move it to the front; remove the old one when no message sealed with it is left. A `kid` has 1 to 64 characters of `A-Z`,
/// `a-z`, `0-9`, `.`, `_` and `-`; a key is 32 random bytes in base64, the output of `openssl rand -base64 32`, or in
/// base64url.
public struct TokenKeys: Sendable {
    /// One key: 256 bits for A256GCM.
    public struct Key: Sendable {
        /// The `kid` of the JOSE header (RFC 7516, section 4.1.6).
        public let id: String
        /// The key itself. The name starts with `exposed` to make every use stand out in a review.
        public let exposedBytes: Data
    }

    /// The keys, at least one.
    public let keys: [Key]

    /// The key that seals.
    public var first: Key { keys[0] }

    /// The key with that id.
    public subscript(id: String) -> Key? { keys.first { $0.id == id } }

    /// Parses the value of the setting.
    ///
    /// - Throws: ``SettingFault``, which quotes no key.
    public init(parsing text: String, name: String = Self.settingName) throws(SettingFault) {
        var keys: [Key] = []
        for (index, entry) in text.split(separator: ",", omittingEmptySubsequences: false).enumerated() {
            let parts = entry.trimmingCharacters(in: .whitespacesAndNewlines).split(
                separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, Self.isKeyID(parts[0]) else {
                throw SettingFault(
                    name,
                    "must be kid:key entries separated by commas; entry \(index + 1) must begin with a kid of 1 to "
                        + "64 letters, digits, '.', '_' and '-', and a colon")
            }
            let id = String(parts[0])
            guard let bytes = Self.bytes(parts[1]), bytes.count == 32 else {
                throw SettingFault(
                    name,
                    "must have 32 bytes in base64 after '\(id):', the output of `openssl rand -base64 32`")
            }
            guard !keys.contains(where: { $0.id == id }) else {
                throw SettingFault(name, "has two keys with the kid '\(id)'")
            }
            keys.append(Key(id: id, exposedBytes: bytes))
        }
        self.keys = keys
    }

    /// Reads `SIGNALS_TOKEN_KEYS`; nil if it is not set or invalid. If it is invalid, the reader records a fault.
    public init?(reading reader: inout SettingsReader) {
        guard let text = reader.lines(Self.settingName) else { return nil }
        do throws(SettingFault) {
            try self.init(parsing: text)
        } catch {
            reader.fault(error.name, error.what)
            return nil
        }
    }

    /// `SIGNALS_TOKEN_KEYS`.
    public static let settingName = "SIGNALS_TOKEN_KEYS"

    /// Whether the text is a valid key id.
    public static func isKeyID(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch UnicodeScalar(byte) {
                case "A"..."Z", "a"..."z", "0"..."9", ".", "_", "-": true
                default: false
                }
            }
    }

    private static func bytes(_ text: some StringProtocol) -> Data? {
        Base64URL.bytes(
            of: String(text).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: ""))
    }
}

extension TokenKeys: CustomStringConvertible, CustomReflectable {
    public var description: String { "<TokenKeys \(keys.map(\.id).joined(separator: ", "))>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension TokenKeys.Key: CustomStringConvertible, CustomReflectable {
    public var description: String { "<Key \(id)>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
