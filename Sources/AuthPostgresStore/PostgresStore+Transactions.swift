// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthPostgres
import AuthSignals
import AuthStore

extension PostgresStore: AccountStore {
    /// How often a transaction is run, at most, if concurrent transactions prevent its commit.
    static let mostRuns = 5

    @_disfavoredOverload  // A closure without types selects the more specific overload below.
    public func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        try await write { try body($0) }
    }

    /// Runs `body` in one write transaction that gives access to the connection.
    ///
    /// The body may run more than once: if a concurrent transaction prevents the commit, everything is undone and it runs
    /// again, at most 5 times.
    ///
    /// - Throws: what `body` throws, which rolls back; `StoreConflict`; `StoreError`: `full`, `busy`, `unreachable`, …;
    ///   `UnknownOutcome` if the connection was lost during the commit; `CancellationError` if the task was cancelled
    ///   before the commit.
    public func transaction<R: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> R
    ) async throws -> R {
        try await write(body)
    }

    /// The store's operations in a transaction that the application has opened on a connection of ``pool``.
    ///
    /// ```swift
    /// try await pool.transaction { connection in
    ///     try connection.query("INSERT INTO invoice …")
    ///     try store.joining(connection).emit(InvoicePaid(…))
    /// }
    /// ```
    ///
    /// Make one value for a transaction, and undo parts of it with ``PostgresTransaction/savepoint(_:)``. The store does
    /// not see the commit: in-process receivers are not called, and the relay finds the signals when it looks next.
    public func joining(_ connection: PostgresConnection) -> PostgresTransaction {
        PostgresTransaction(connection, self, isJoined: true)
    }

    /// Runs `body` on a consistent view. If `body` needs more than one statement, it runs twice: first without a
    /// transaction, so that a single statement takes one round trip.
    @_disfavoredOverload
    public func read<R: Sendable>(
        _ body: @escaping @Sendable (any AccountReading) throws -> R
    ) async throws -> R {
        let single: R? = try await StoreError.convertingPostgresErrors {
            try await pool.run { connection in
                let reading = PostgresReading(connection, self, isSingle: true)
                let result = Result { try body(reading) }
                return reading.needsView ? nil : try result.get()
            }
        }
        if let single { return single }
        return try await read { (reading: PostgresReading) in try body(reading) }
    }

    /// Runs `body` on a consistent view that gives access to the connection.
    public func read<R: Sendable>(
        _ body: @escaping @Sendable (PostgresReading) throws -> R
    ) async throws -> R {
        try await StoreError.convertingPostgresErrors {
            try await pool.transaction(isReadOnly: true) { connection in
                try body(PostgresReading(connection, self))
            }
        }
    }

    func write<R: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> R
    ) async throws -> R {
        // The body runs on the connection's thread, which has no task-local values.
        try await CommitSpan.around("postgresql") { context in
            try await run { transaction in try CommitSpan.within(context) { try body(transaction) } }
        }
    }

    private func run<R: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> R
    ) async throws -> R {
        var run = 1
        while true {
            do {
                let (result, written) = try await once(body)
                announce(written)
                return result
            } catch let error as PostgresError where error.isRetryable && run < Self.mostRuns {
                // At random and longer each time, so that transactions that stopped each other do not do so again.
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...50) << (run - 1)))
                run += 1
            } catch let error as PostgresError {
                throw StoreError.cause(of: error)
            }
        }
    }

    /// Writes even if the calling task is cancelled, because the row records what has already happened outside.
    func writeShielded<R: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> R
    ) async throws -> R {
        try await Task { try await write(body) }.value
    }

    private func once<R: Sendable>(
        _ body: @escaping @Sendable (PostgresTransaction) throws -> R
    ) async throws -> (R, PostgresTransaction.Written) {
        try await pool.transaction { connection in
            let transaction = PostgresTransaction(connection, self)
            do {
                let result = try body(transaction)
                return (result, try transaction.finish())
            } catch {
                throw transaction.interruption ?? error
            }
        }
    }

    /// Passes committed signals to the receivers, and wakes the loops of this process.
    private func announce(_ written: PostgresTransaction.Written) {
        if !written.drafts.isEmpty {
            receivers.deliver(written.drafts)
            storeWakeUps.outbox.wake()
        }
        if written.mails {
            storeWakeUps.mail.wake()
            unattendedMails.watch()
        }
    }
}
