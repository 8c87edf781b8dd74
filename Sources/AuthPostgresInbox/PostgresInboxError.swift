// SPDX-License-Identifier: Apache-2.0
public import AuthPostgres
public import AuthSignals

/// A failure of an inbox in PostgreSQL. Failures of the connection and of statements are a `PostgresError`.
public struct PostgresInboxError: LoggableError, Hashable {
    /// The kind of failure; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case newerSchema = "newer_schema"
            case foreignTransaction = "foreign_transaction"
            case missing
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// A newer version of this library has migrated the inbox.
        public static let newerSchema = Code(.newerSchema)
        /// The database has no inbox.
        public static let missing = Code(.missing)
        /// A handler that needs a PostgreSQL transaction received one of another inbox type.
        public static let foreignTransaction = Code(.foreignTransaction)

        public var description: String { kind.rawValue }
    }

    /// The kind of failure, to decide what to do.
    public let code: Code
    /// What is wrong and what to do.
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    public var description: String { "\(code): \(message)" }
}

// A PostgresError contains no value and no secret, so a worker logs it and stores it with a dead letter.
extension PostgresError: LoggableError {}
