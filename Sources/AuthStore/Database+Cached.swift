// SPDX-License-Identifier: Apache-2.0
import GRDB

/// Statements that are run again and again: each is compiled once a connection.
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

    /// Hands over the rows of a query one by one, without keeping any; a row is valid during its call only.
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
