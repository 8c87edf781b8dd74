// SPDX-License-Identifier: Apache-2.0

/// Why a sealed token cannot be opened.
public struct TokenOpeningError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case malformed, unknownKey, changed, otherEvent }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// It is no JWE of the contract's form.
        public static let malformed = Code(.malformed)
        /// None of the consumer's keys has its `kid`: `SIGNALS_TOKEN_KEYS` lacks one.
        public static let unknownKey = Code(.unknownKey)
        /// The tag does not fit: it was changed, or the key of that `kid` is another one.
        public static let changed = Code(.changed)
        /// It was taken out of another event.
        public static let otherEvent = Code(.otherEvent)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong; it quotes nothing of the token.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}
