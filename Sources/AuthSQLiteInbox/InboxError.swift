// SPDX-License-Identifier: Apache-2.0
public import GRDB

/// A failure of an inbox.
public struct InboxError: Error, Sendable, CustomStringConvertible {
    /// The kind of failure; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidURL = "invalid_url"
            case cannotOpen = "cannot_open"
            case notWritable = "not_writable"
            case foreignTransaction = "foreign_transaction"
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The URL does not name a file.
        public static let invalidURL = Code(.invalidURL)
        /// The file cannot be opened or created, or is not a SQLite database.
        public static let cannotOpen = Code(.cannotOpen)
        /// The file or its folder is not writable, or the disk is full.
        public static let notWritable = Code(.notWritable)
        /// A handler that needs a SQLite transaction received one of another inbox type.
        public static let foreignTransaction = Code(.foreignTransaction)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong and what to do.
    public let message: String
    /// SQLite's result code, if SQLite returned one.
    public let resultCode: ResultCode?

    init(_ code: Code, _ message: String, resultCode: ResultCode? = nil) {
        self.code = code
        self.message = message
        self.resultCode = resultCode
    }

    public var description: String {
        "\(code): \(message)" + (resultCode.map { " (SQLite \($0.rawValue): \($0))" } ?? "")
    }
}
