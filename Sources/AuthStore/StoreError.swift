// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import GRDB
import SQLiteSupport

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
            case unwritable, full, busy, damaged, rejected, unsuitable, replaced, missing
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
        /// Another connection has locked the store for longer than the time-out.
        public static let busy = Code(.busy)
        /// SQLite reports that the file is damaged.
        public static let damaged = Code(.damaged)
        /// The operating system failed to read or write.
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

    public let code: Code
    /// What is wrong and what to do; it never quotes a stored value.
    public let message: String
    /// SQLite's extended result code, if SQLite failed.
    public let sqliteCode: Int32?

    public init(_ code: Code, _ message: String, sqliteCode: Int32? = nil) {
        self.code = code
        self.message = message
        self.sqliteCode = sqliteCode
    }

    /// Converts an error of SQLite: its number and message are kept, the statement and its values are not.
    public init(_ error: DatabaseError) {
        let text = error.message ?? "\(error.resultCode)"
        self.init(
            Self.code(of: error), "SQLite: \(text) (\(error.extendedResultCode.rawValue))",
            sqliteCode: error.extendedResultCode.rawValue)
    }

    public var description: String { "\(code): \(message)" }

    private static func code(of error: DatabaseError) -> Code {
        switch SQLiteFailure(error) {
        case .full: .full
        case .busy: .busy
        case .notADatabase: .notADatabase
        case .damaged: .damaged
        case .readOnly, .cannotOpen: .unwritable
        case .inputOutput: .inputOutput
        case .rejected: .rejected
        }
    }

    init(_ error: SQLiteFileError) {
        let code: Code =
            switch error.code {
            case .invalidURL: .invalidURL
            case .missingFolder, .unwritable: .unwritable
            }
        self.init(code, error.message)
    }

    /// Evaluates an expression and converts its error about a file.
    static func convertingFileErrors<R>(
        _ body: @autoclosure () throws(SQLiteFileError) -> R
    ) throws(StoreError) -> R {
        do { return try body() } catch { throw StoreError(error) }
    }

    /// Runs `body` and converts errors caused by the environment, such as a full disk, to ``StoreError``. `body` may
    /// contain an application's own SQL: violated constraints and invalid statements keep GRDB's error.
    static func convertingDatabaseErrors<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async throws -> R {
        do {
            return try await body()
        } catch let error as DatabaseError where code(of: error) != .rejected {
            throw StoreError(error)
        }
    }
}

extension StoreError: TemporaryFailure {
    /// Freeing space on a full disk, or putting back a replaced file, takes an operator; a busy store is free in a
    /// moment.
    public var secondsUntilRetry: Int? {
        switch code {
        case .full, .replaced: 30
        case .busy: 1
        default: nil
        }
    }
}
