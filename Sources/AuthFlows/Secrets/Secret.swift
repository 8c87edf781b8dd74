// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A text that must not reach a payload, a log or an error by mistake: it is not `Encodable`, and printing,
/// interpolating or reflecting it shows nothing.
public protocol Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself. The long name is a warning: check where the text is passed to.
    var exposedText: String { get }
}

extension Secret {
    public var description: String { "<\(Self.self)>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A password as the user typed it.
public struct Password: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }

    /// The longest password, in bytes of UTF-8. Longer ones are refused before they are hashed.
    public static let longest = 4096

    /// The form that is hashed: NFC, so that one password can be typed on every keyboard (RFC 8265, section 4.2).
    /// A password that is too long stays as it is.
    package var normalized: Password {
        guard exposedText.utf8.count <= Self.longest, !exposedText.utf8.allSatisfy({ $0 < 0x80 }) else {
            return self
        }
        return Password(exposedText.precomposedStringWithCanonicalMapping)
    }
}

/// The key of a link in a mail.
public struct LinkKey: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }
}

/// A short code in a mail.
public struct Code: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }
}
