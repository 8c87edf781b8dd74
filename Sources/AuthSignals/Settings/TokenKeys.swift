// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The keys that seal providers' tokens for the wire: `SIGNALS_TOKEN_KEYS`, the same text on both sides.
///
/// `kid:key,kid2:key2`: the first key seals, all open. To change a key put the new one behind the old one
/// everywhere, then first; drop the old one when no message under it is left. A `kid` is 1 to 64 characters of
/// `A-Z`, `a-z`, `0-9`, `.`, `_` and `-`; a key is 32 random bytes in base64, as `openssl rand -base64 32` makes
/// them, or in base64url.
public struct TokenKeys: Sendable {
    /// One key: 256 bits for A256GCM.
    public struct Key: Sendable {
        /// What the JOSE header calls it (RFC 7516, section 4.1.6).
        public let id: String
        /// The long name is a warning: look twice at where they go.
        public let exposedBytes: Data
    }

    /// At least one.
    public let keys: [Key]

    /// The one that seals.
    public var first: Key { keys[0] }

    /// The key of that id.
    public subscript(id: String) -> Key? { keys.first { $0.id == id } }

    /// Reads the text of the setting.
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
                    "must be kid:key entries separated by commas; entry \(index + 1) begins with no kid of 1 to "
                        + "64 letters, digits, '.', '_' and '-', and a colon")
            }
            let id = String(parts[0])
            guard let bytes = Self.bytes(parts[1]), bytes.count == 32 else {
                throw SettingFault(
                    name,
                    "wants 32 bytes in base64 behind '\(id):', as `openssl rand -base64 32` makes them")
            }
            guard !keys.contains(where: { $0.id == id }) else {
                throw SettingFault(name, "has two keys called '\(id)'")
            }
            keys.append(Key(id: id, exposedBytes: bytes))
        }
        self.keys = keys
    }

    /// Reads `SIGNALS_TOKEN_KEYS`; nil where it is not set, or wrong, which the reader is told.
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

    /// Whether a text may be a key's id.
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
