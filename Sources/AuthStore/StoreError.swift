// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

/// An error of a store, with a code for each kind that a caller may handle differently.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of error; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case notADatabase = "not_a_database"
            case newerSchema = "newer_schema"
            case outdatedSchema = "outdated_schema"
            case inputOutput = "input_output"
            case missingRow = "missing_row"
            case invalidURL = "invalid_url"
            case keyFile = "key_file"
            case unwritable, full, busy, damaged, rejected, unsuitable, replaced, missing, unreachable,
                refused
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// This user cannot create, open or write the file.
        public static let unwritable = Code(.unwritable)
        /// The file does not exist.
        public static let missing = Code(.missing)
        /// The file is not a SQLite database.
        public static let notADatabase = Code(.notADatabase)
        /// A newer version of this program has migrated the store.
        public static let newerSchema = Code(.newerSchema)
        /// The store must be migrated first.
        public static let outdatedSchema = Code(.outdatedSchema)
        /// The disk is full: nothing was changed. Over HTTP this is a 503.
        public static let full = Code(.full)
        /// The file was deleted or replaced while it was in use: nothing more is written. Over HTTP this is a
        /// 503.
        public static let replaced = Code(.replaced)
        /// The database server cannot be reached, or does not accept writes now: nothing was changed. Over HTTP this is a
        /// 503.
        public static let unreachable = Code(.unreachable)
        /// The database server refuses this program's user, or its database, schema, tables or privileges are missing:
        /// nothing was changed. Over HTTP this is a 503.
        public static let refused = Code(.refused)
        /// Another connection has locked the store for longer than the time-out.
        public static let busy = Code(.busy)
        /// SQLite reports that the file is damaged, or a database server that its data is. Over HTTP this is a 503 if a
        /// server reports it.
        public static let damaged = Code(.damaged)
        /// The operating system failed to read or write. Over HTTP this is a 503 if a database server reports it.
        public static let inputOutput = Code(.inputOutput)
        /// SQLite has refused a statement: a constraint that is not a `StoreConflict`, or a bug of this library.
        public static let rejected = Code(.rejected)
        /// The row to update does not exist.
        public static let missingRow = Code(.missingRow)
        /// An argument, such as a database or a receiver, cannot be used with the store.
        public static let unsuitable = Code(.unsuitable)
        /// `STORE_URL` is invalid.
        public static let invalidURL = Code(.invalidURL)
        /// The secret key file cannot be created, read or trusted.
        public static let keyFile = Code(.keyFile)

        public var description: String { kind.rawValue }
    }

    /// The kind of error, to decide what to do.
    public let code: Code
    /// What is wrong and what to do; it never quotes a stored value.
    public let message: String
    /// SQLite's extended result code, if SQLite failed.
    public let sqliteCode: Int32?
    /// The SQLSTATE of a database server, five characters, if it reported the error.
    public let sqlState: String?

    /// - Parameters:
    ///   - code: the kind of error.
    ///   - message: what is wrong and what to do; it must not quote a stored value.
    ///   - sqliteCode: SQLite's extended result code, if SQLite failed.
    ///   - sqlState: the SQLSTATE of a database server, if it reported the error.
    public init(_ code: Code, _ message: String, sqliteCode: Int32? = nil, sqlState: String? = nil) {
        self.code = code
        self.message = message
        self.sqliteCode = sqliteCode
        self.sqlState = sqlState
    }

    public var description: String { "\(code): \(message)" }
}

extension StoreError: TemporaryFailure {
    /// Freeing space on a full disk, putting back a replaced file, or repairing a server takes an operator; a busy store
    /// is free in a moment, and a server is often back soon.
    public var secondsUntilRetry: Int? {
        switch code {
        case .full, .replaced, .refused: 30
        case .damaged, .inputOutput: sqlState == nil ? nil : 30
        case .busy, .unreachable: 1
        default: nil
        }
    }
}

extension StoreError: CodedFailure {
    public var logCode: String {
        "\(code)" + (sqliteCode.map { " \($0)" } ?? "") + (sqlState.map { " \($0)" } ?? "")
    }
}
