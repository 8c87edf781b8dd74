// SPDX-License-Identifier: Apache-2.0

/// One SQL statement with parameters `$1`, `$2`, ….
///
/// Each connection prepares it at its first use, in the same round trip. Keep statements as constants; values go into
/// parameters, never into the text.
///
/// ```swift
/// extension PostgresStatement {
///     static let findUser: PostgresStatement = "SELECT username FROM auth_user WHERE id = $1"
/// }
/// ```
public struct PostgresStatement: Hashable, Sendable, ExpressibleByStringLiteral {
    /// The text of the statement.
    public let sql: String

    /// - Parameter sql: one statement, not several that `;` separates. It must not contain values from outside.
    public init(_ sql: String) { self.sql = sql }
    /// - Parameter sql: one statement, as a literal.
    public init(stringLiteral sql: String) { self.sql = sql }
}

/// The isolation level of a transaction.
public enum PostgresIsolation: String, Hashable, Sendable {
    case readCommitted = "read-committed"
    case repeatableRead = "repeatable-read"
    case serializable
}
