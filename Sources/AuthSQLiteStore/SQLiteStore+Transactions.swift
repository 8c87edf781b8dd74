// SPDX-License-Identifier: Apache-2.0
import AuthStore
public import AuthFlows
import AuthSignals
public import GRDB
import Synchronization

extension SQLiteStore: AccountStore {
    @_disfavoredOverload  // A closure without types selects the more specific overload below.
    public func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        try await write { try body($0) }
    }

    /// Runs `body` in one write transaction that gives access to GRDB's connection.
    ///
    /// Transactions that are started at the same time share one commit, and so one disk sync: each body runs in a
    /// savepoint, and one that throws does not affect the others. So the body must not end the transaction itself, and
    /// GRDB's `afterNextTransaction` refers to the shared commit, which takes place even if this body throws. The body
    /// may run a second time, after everything that it wrote was rolled back. It does not see the caller's task-local
    /// values, except its trace context.
    ///
    /// - Throws: what `body` throws, which rolls back; `StoreError` for errors caused by the disk or another process:
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

    /// Runs `body` in a transaction that is committed together with those of concurrent callers.
    func write<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> R
    ) async throws -> R {
        try Task.checkCancellation()
        return try await CommitSpan.around("sqlite") { context in
            let result = Mutex<R?>(nil)
            let (caller, tracer) = (StoreWrite.Caller(), CommitSpan.callersTracer)
            let write = StoreWrite(caller: caller) { connection in
                let value = try CommitSpan.within(context, tracer: tracer) {
                    try body(SQLiteTransaction(connection, self))
                }
                result.withLock { $0 = value }
            }
            try await withTaskCancellationHandler {
                try await StoreError.convertingDatabaseErrors { try await writes(write) }
            } onCancel: {
                caller.cancel()
            }
            guard let value = result.withLock({ $0 }) else {
                throw StoreError(.rejected, "a transaction was committed without its body")
            }
            return value
        }
    }

    /// Limits how many transactions share a commit; 1: each is committed alone. For measurements.
    package func limitSharedCommits(to count: Int) { writes.limit(to: count) }

    /// Writes even if the calling task is cancelled, because the row records what has already happened outside.
    func writeShielded<R: Sendable>(
        _ body: @escaping @Sendable (SQLiteTransaction) throws -> R
    ) async throws -> R {
        try await Task { try await write(body) }.value
    }
}
