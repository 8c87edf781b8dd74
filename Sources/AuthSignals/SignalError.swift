// SPDX-License-Identifier: Apache-2.0

/// An error of a signal before it is stored or after it is received.
public struct SignalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidName = "invalid_name"
            case invalidPattern = "invalid_pattern"
            case tooLarge = "too_large"
            case notEncodable = "not_encodable"
            case malformed
            case wrongType = "wrong_type"
            case notDescribable = "not_describable"
            case nameTaken = "name_taken"
            case incompatible
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The text is not a signal name.
        public static let invalidName = Code(.invalidName)
        /// The text is not a topic pattern.
        public static let invalidPattern = Code(.invalidPattern)
        /// The event would exceed 64 KiB even without its largest optional members.
        public static let tooLarge = Code(.tooLarge)
        /// The signal's members could not be written as JSON.
        public static let notEncodable = Code(.notEncodable)
        /// The bytes are not a CloudEvents 1.0 event in structured JSON mode.
        public static let malformed = Code(.malformed)
        /// The event is well-formed, but its data does not match the requested type.
        public static let wrongType = Code(.wrongType)
        /// No schema could be derived from the signal's type.
        public static let notDescribable = Code(.notDescribable)
        /// Another signal has the name, or this package reserves it.
        public static let nameTaken = Code(.nameTaken)
        /// A signal differs from its committed schema in a way that breaks subscribers.
        public static let incompatible = Code(.incompatible)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong and how to fix it; it never quotes a payload.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}
