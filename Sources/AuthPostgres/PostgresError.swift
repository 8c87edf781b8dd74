// SPDX-License-Identifier: Apache-2.0

/// A failure of a PostgreSQL connection, or of a statement.
///
/// SQLSTATE and the names of the constraint and of the table are kept. It never contains an address, a password, or a
/// value that was sent or stored.
///
/// ```swift
/// do {
///     _ = try await pool.run { connection in try connection.query(.insertUser, [.uuid(id), .text(name)]) }
/// } catch let error as PostgresError where error.code == .conflict {
///     print(error.constraint ?? "")  // such as "auth_user_username"
/// }
/// ```
public struct PostgresError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The kind of failure; more kinds may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        private enum Kind: String {
            case invalidURL = "invalid_url"
            case unknownOutcome = "unknown_outcome"
            case unexpectedResult = "unexpected_result"
            case inputOutput = "input_output"
            case unreachable, tls, refused, busy, full, conflict, serialization, closed, rejected, damaged
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }

        /// The URL cannot be used; the message says what to change in it.
        public static let invalidURL = Code(.invalidURL)
        /// No server accepts the connection, or the connection was lost before COMMIT was sent: nothing was changed.
        /// SQLSTATE 08xxx, 57P01 to 57P05 and 25006 (the server became a standby).
        public static let unreachable = Code(.unreachable)
        /// The server's certificate was not accepted, or a certificate file cannot be used.
        public static let tls = Code(.tls)
        /// The user, the password, the database, the schema, a table or a permission is missing: SQLSTATE 28xxx, 3D000,
        /// 3F000, 42501, 42P01.
        public static let refused = Code(.refused)
        /// No connection was free in time, a lock or a statement took too long, or the server has too many connections or
        /// too little memory: SQLSTATE 55P03, 57014, 53xxx.
        public static let busy = Code(.busy)
        /// The server's disk is full: SQLSTATE 53100.
        public static let full = Code(.full)
        /// The server's operating system failed to read or write: SQLSTATE 58xxx.
        public static let inputOutput = Code(.inputOutput)
        /// The server has found damaged data, or has failed internally: SQLSTATE XXxxx.
        public static let damaged = Code(.damaged)
        /// A unique constraint was violated (SQLSTATE 23505); ``PostgresError/constraint`` is its name.
        public static let conflict = Code(.conflict)
        /// A concurrent transaction was faster: run the whole transaction again. SQLSTATE 40001, 40P01.
        public static let serialization = Code(.serialization)
        /// The pool was closed, or the lease was released.
        public static let closed = Code(.closed)
        /// The server rejected the statement for another reason.
        public static let rejected = Code(.rejected)
        /// A column has another type than the one that was read, or is NULL.
        public static let unexpectedResult = Code(.unexpectedResult)
        /// The connection was lost after COMMIT was sent, and whether the transaction was committed could not be found
        /// out.
        public static let unknownOutcome = Code(.unknownOutcome)

        public var description: String { kind.rawValue }
    }

    /// The kind of failure, to decide what to do.
    public let code: Code
    /// What is wrong and, if known, what to do.
    public let message: String
    /// SQLSTATE, five characters, if the server reported the error.
    public let state: String?
    /// The violated constraint's name (`PG_DIAG_CONSTRAINT_NAME`).
    public let constraint: String?
    /// The name of the table that the error is about (`PG_DIAG_TABLE_NAME`).
    public let table: String?

    /// - Parameters:
    ///   - code: the kind of failure.
    ///   - message: what is wrong and what to do, without an address, a password or a value.
    ///   - state: SQLSTATE, if the server reported the error.
    ///   - constraint: the name of the violated constraint, if the server named one.
    ///   - table: the name of the table that the error is about, if the server named one.
    public init(
        _ code: Code, _ message: String, state: String? = nil, constraint: String? = nil, table: String? = nil
    ) {
        self.code = code
        self.message = message
        self.state = state
        self.constraint = constraint
        self.table = table
    }

    public var description: String { "\(code): \(message)" }
}
