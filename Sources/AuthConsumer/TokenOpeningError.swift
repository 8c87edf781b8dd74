// SPDX-License-Identifier: Apache-2.0

/// The error of opening a sealed token.
public struct TokenOpeningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case malformed
            case unknownKey = "unknown_key"
            case changed
            case otherEvent = "other_event"
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The text is not a JWE of the contract's form.
        public static let malformed = Code(.malformed)
        /// None of the consumer's keys has the token's `kid`: `SIGNALS_TOKEN_KEYS` lacks one.
        public static let unknownKey = Code(.unknownKey)
        /// The authentication failed: the token was modified, or the key of that `kid` is a different one.
        public static let changed = Code(.changed)
        /// The token is from another event.
        public static let otherEvent = Code(.otherEvent)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong, without quoting the token.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}
