// SPDX-License-Identifier: Apache-2.0
public import GRDB

/// What can go wrong with an inbox.
public struct InboxError: Error, Sendable, CustomStringConvertible {
    /// The kind of fault; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String { case invalidURL, cannotOpen, notWritable, foreignTransaction }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The text names no file.
        public static let invalidURL = Code(.invalidURL)
        /// The file cannot be opened, made, or is no SQLite database.
        public static let cannotOpen = Code(.cannotOpen)
        /// The file or its folder cannot be written, or the disk is full.
        public static let notWritable = Code(.notWritable)
        /// A handler that writes in SQLite's transaction was given another inbox's.
        public static let foreignTransaction = Code(.foreignTransaction)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong and what to do.
    public let message: String
    /// SQLite's own code, where it gave one.
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
