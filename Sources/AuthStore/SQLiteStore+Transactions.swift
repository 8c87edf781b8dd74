// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import GRDB

extension SQLiteStore: AccountStore {
    @_disfavoredOverload  // A closure without types selects the more specific overload below.
    public func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        try await write { try body($0) }
    }

    /// Runs `body` in one write transaction that gives access to GRDB's connection.
    ///
    /// - Throws: what `body` throws, which rolls back; ``StoreError`` for errors caused by the disk or another process:
    ///   `full`, `busy`, …; `CancellationError` if the task was cancelled before the commit.
    public func transaction<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> R
    ) async throws -> R {
        try await write(body)
    }

    /// The store's operations in a transaction that the application has opened on ``database``.
    ///
    /// ```swift
    /// try await pool.write { db in
    ///     try invoice.insert(db)
    ///     try store.joining(db).emit(InvoicePaid(…))
    /// }
    /// ```
    public func joining(_ database: Database) -> SQLiteTransaction { SQLiteTransaction(database, self) }

    @_disfavoredOverload
    public func read<R: Sendable>(
        _ body: @escaping @Sendable (any AccountReading) throws -> R
    ) async throws -> R {
        try await inReadTransaction { try body($0) }
    }

    /// Runs `body` on a consistent view that gives access to GRDB's connection.
    public func read<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteReading) throws -> R
    ) async throws -> R {
        try await inReadTransaction(body)
    }

    private func inReadTransaction<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteReading) throws -> R
    ) async throws -> R {
        try await StoreError.convertingDatabaseErrors {
            try await database.read { try body(SQLiteReading($0, self)) }
        }
    }

    func write<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> R
    ) async throws -> R {
        try await StoreError.convertingDatabaseErrors {
            try await database.write { try body(SQLiteTransaction($0, self)) }
        }
    }

    /// Writes even if the calling task is cancelled, because the row records what has already happened outside.
    func writeShielded<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> R
    ) async throws -> R {
        try await Task { try await write(body) }.value
    }
}
