// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import GRDB

extension SQLiteStore: AccountStore {
    @_disfavoredOverload  // The call below says more, and is what a closure without types means.
    public func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        try await write { try body($0) }
    }

    /// Runs `body` in one write transaction that shows GRDB's connection.
    ///
    /// - Throws: what `body` throws, which rolls back; ``StoreError`` for what the disk or another process
    ///   does: `full`, `busy`, …; `CancellationError` where the task was cancelled before the commit.
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
        try await look { try body($0) }
    }

    /// Runs `body` on a consistent view that shows GRDB's connection.
    public func read<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteReading) throws -> R
    ) async throws -> R {
        try await look(body)
    }

    private func look<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteReading) throws -> R
    ) async throws -> R {
        try await StoreError.naming {
            try await database.read { try body(SQLiteReading($0, self)) }
        }
    }

    func write<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> R
    ) async throws -> R {
        try await StoreError.naming {
            try await database.write { try body(SQLiteTransaction($0, self)) }
        }
    }

    /// Writes even where the calling task is cancelled: what has happened outside must not be forgotten.
    func writeShielded<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> R
    ) async throws -> R {
        try await Task { try await write(body) }.value
    }
}
