// SPDX-License-Identifier: Apache-2.0
public import GRDB

/// What can go wrong with a store, as a caller may want to tell apart.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of fault; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case unwritable, notADatabase, newerSchema, outdatedSchema, full, busy, damaged, inputOutput
            case rejected, missingRow, unsuitable, invalidURL, keyFile, replaced, missing
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The file cannot be made, opened or written by this user.
        public static let unwritable = Code(.unwritable)
        /// The file does not exist.
        public static let missing = Code(.missing)
        /// The file is not of SQLite's format.
        public static let notADatabase = Code(.notADatabase)
        /// A newer version of this program has migrated the store.
        public static let newerSchema = Code(.newerSchema)
        /// The store wants a migration first.
        public static let outdatedSchema = Code(.outdatedSchema)
        /// The disk is full: nothing was changed. Over HTTP this is a 503.
        public static let full = Code(.full)
        /// The file was deleted or replaced while it was in use: nothing more is written. Over HTTP this is a
        /// 503.
        public static let replaced = Code(.replaced)
        /// Another connection has held the store for longer than the time-out.
        public static let busy = Code(.busy)
        /// SQLite has found the file damaged.
        public static let damaged = Code(.damaged)
        /// The operating system failed to read or write.
        public static let inputOutput = Code(.inputOutput)
        /// SQLite has refused a statement: a constraint that is no `StoreConflict`, or a fault of ours.
        public static let rejected = Code(.rejected)
        /// The row that was to be updated is gone.
        public static let missingRow = Code(.missingRow)
        /// What was handed to the store cannot be used with it.
        public static let unsuitable = Code(.unsuitable)
        /// `STORE_URL` is none.
        public static let invalidURL = Code(.invalidURL)
        /// The file of the secret key cannot be made, read or trusted.
        public static let keyFile = Code(.keyFile)

        public var description: String { kind.rawValue }
    }

    public let code: Code
    /// What is wrong and what to do; it never quotes a stored value.
    public let message: String
    /// SQLite's extended result code, where it was SQLite that failed.
    public let sqliteCode: Int32?

    public init(_ code: Code, _ message: String, sqliteCode: Int32? = nil) {
        self.code = code
        self.message = message
        self.sqliteCode = sqliteCode
    }

    /// SQLite's error: its number and words are kept, the statement and its values are not.
    public init(_ error: DatabaseError) {
        let words = error.message ?? "\(error.resultCode)"
        self.init(
            Self.code(of: error), "SQLite: \(words) (\(error.extendedResultCode.rawValue))",
            sqliteCode: error.extendedResultCode.rawValue)
    }

    public var description: String { "\(code): \(message)" }

    private static func code(of error: DatabaseError) -> Code {
        // The index of a write-ahead log is a file of its own, which a full disk cannot enlarge either.
        if error.extendedResultCode == .SQLITE_IOERR_SHMSIZE { return .full }
        return switch error.resultCode {
        case .SQLITE_FULL: .full
        case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
        case .SQLITE_NOTADB: .notADatabase
        case .SQLITE_CORRUPT: .damaged
        case .SQLITE_READONLY, .SQLITE_CANTOPEN, .SQLITE_PERM, .SQLITE_AUTH: .unwritable
        case .SQLITE_IOERR, .SQLITE_NOLFS, .SQLITE_PROTOCOL: .inputOutput
        default: .rejected
        }
    }

    /// Runs `body` and names what the store's surroundings did to it. An application's own SQL may run in
    /// there too: constraints and faulty statements keep GRDB's error.
    static func naming<R>(
        isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> R
    ) async throws -> R {
        do {
            return try await body()
        } catch let error as DatabaseError where code(of: error) != .rejected {
            throw StoreError(error)
        }
    }
}
