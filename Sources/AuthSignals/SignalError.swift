// SPDX-License-Identifier: Apache-2.0

/// What can go wrong with a signal before it is stored or after it has arrived.
public struct SignalError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidName, invalidPattern, tooLarge, notEncodable, malformed, wrongType, notDescribable
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The text is no signal name.
        public static let invalidName = Code(.invalidName)
        /// The text is no topic pattern.
        public static let invalidPattern = Code(.invalidPattern)
        /// The event would exceed 64 KiB even without its largest optional members.
        public static let tooLarge = Code(.tooLarge)
        /// The signal's members could not be written as JSON.
        public static let notEncodable = Code(.notEncodable)
        /// The bytes are no CloudEvents 1.0 event in structured JSON mode.
        public static let malformed = Code(.malformed)
        /// The event is well-formed, but its data is not of the type asked for.
        public static let wrongType = Code(.wrongType)
        /// No schema could be derived from the signal's type.
        public static let notDescribable = Code(.notDescribable)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong and what to do; it never quotes a payload.
    public let message: String

    public init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}
