// SPDX-License-Identifier: Apache-2.0
package import Foundation
package import GRDB
import GRDBSQLite

/// A cached statement whose parameters are bound by SQLite's own functions.
///
/// GRDB converts each value and validates all arguments, which takes longer than running a statement for one row. Use
/// this type only for statements that run once per message. Indexes of parameters begin at 1.
package struct DirectStatement {
    private let database: Database
    private let statement: Statement

    /// - Parameters:
    ///   - database: the connection; the statement must not be used after the access to it ends.
    ///   - sql: one statement. All its parameters must be bound before it runs.
    /// - Throws: `DatabaseError` if it cannot be compiled.
    package init(_ database: Database, sql: String) throws {
        self.database = database
        statement = try database.cachedStatement(sql: sql)
        // Resets the cached statement; afterwards GRDB neither binds nor validates arguments when it executes it.
        statement.setUncheckedArguments(StatementArguments())
    }

    package func bind(_ text: String, at index: Int32) throws {
        try check(
            text.withCString { bytes in
                sqlite3_bind_text(raw, index, bytes, Int32(clamping: text.utf8.count), Self.copied)
            })
    }

    /// Binds the 16 bytes of an id, as GRDB stores it.
    package func bind(_ id: UUID, at index: Int32) throws {
        try check(
            withUnsafeBytes(of: id.uuid) { bytes in
                sqlite3_bind_blob(raw, index, bytes.baseAddress, Int32(bytes.count), Self.copied)
            })
    }

    package func bind(_ number: Int64, at index: Int32) throws {
        try check(sqlite3_bind_int64(raw, index, number))
    }

    /// Runs a statement that returns no rows. It is not reset: to run it again, create another `DirectStatement`.
    package func execute() throws { try statement.execute() }

    /// Runs a query whose result is one number, and resets it, so that it can be bound and run again.
    ///
    /// Use it only outside a write transaction: an error may roll the transaction back, and since SQLite is called
    /// directly, GRDB would not notice that.
    ///
    /// - Returns: whether the number is not 0.
    package func isTrue() throws -> Bool {
        // The error of a step is returned again by the reset.
        defer { sqlite3_reset(raw) }
        let code = sqlite3_step(raw)
        guard code == SQLITE_ROW else { throw error(code) }
        return sqlite3_column_int64(raw, 0) != 0
    }

    private var raw: OpaquePointer { statement.sqliteStatement }

    /// `SQLITE_TRANSIENT`: SQLite copies the bytes.
    private static var copied: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

    private func check(_ code: Int32) throws {
        guard code == SQLITE_OK else { throw error(code) }
    }

    private func error(_ code: Int32) -> DatabaseError {
        DatabaseError(
            resultCode: ResultCode(rawValue: code), message: database.lastErrorMessage, sql: statement.sql)
    }
}
