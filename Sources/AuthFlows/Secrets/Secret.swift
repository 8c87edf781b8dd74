// SPDX-License-Identifier: Apache-2.0

/// A text that must not reach a payload, a log or an error by mistake: it is not `Encodable`, and printing,
/// interpolating or reflecting it shows nothing.
public protocol Secret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The text itself. The long name is a warning: look twice at where it goes.
    var exposedText: String { get }
}

extension Secret {
    public var description: String { "<\(Self.self)>" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A password as somebody typed it.
public struct Password: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }

    /// The most bytes of UTF-8 that a password may have; longer ones are refused before any work is done.
    public static let longest = 4096
}

/// The key of a link that was mailed.
public struct LinkKey: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }
}

/// A short code that was mailed.
public struct Code: Secret {
    public let exposedText: String
    public init(_ text: String) { exposedText = text }
}
