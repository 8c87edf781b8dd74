// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Statements that are run often: each is compiled once per connection.
extension Database {
    /// Runs a statement.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ arguments: StatementArguments = []) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: arguments)
        return changesCount
    }

    /// The first row of a query.
    func row(_ sql: String, _ arguments: StatementArguments = []) throws -> Row? {
        try Row.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }

    /// All rows of a query.
    func rows(_ sql: String, _ arguments: StatementArguments = []) throws -> [Row] {
        try Row.fetchAll(cachedStatement(sql: sql), arguments: arguments)
    }

    /// Passes the rows of a query to `body` one by one, without keeping any; a row is valid only during its call.
    func forEachRow(_ sql: String, _ arguments: StatementArguments, _ body: (Row) throws -> Void) throws {
        try Row.fetchCursor(cachedStatement(sql: sql), arguments: arguments).forEach(body)
    }

    /// The first column of a query's first row.
    func value<V: DatabaseValueConvertible & StatementColumnConvertible>(
        _ sql: String, _ arguments: StatementArguments = []
    ) throws -> V? {
        try V.fetchOne(cachedStatement(sql: sql), arguments: arguments)
    }
}
