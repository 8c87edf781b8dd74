// SPDX-License-Identifier: Apache-2.0
public import Logging

/// A fixed number of connections, each with a thread of its own, and a bounded queue of work for them.
///
/// A connection is opened when it is first needed and opened again, with back-off, when it was lost. While no
/// connection can be opened, work fails at once with code ``PostgresError/Code/unreachable``.
///
/// ```swift
/// let pool = PostgresPool(try PostgresURL(parsing: "postgres://auth@localhost/auth"), logger: logger)
/// let names = try await pool.run { connection in
///     try connection.query("SELECT username FROM auth_user").map { try $0.text(0) }
/// }
/// await pool.close()
/// ```
public final class PostgresPool: Sendable {
    /// The database that the connections lead to.
    public let url: PostgresURL
    package let timeouts: PostgresTimeouts
    package let logger: Logger
    private let threads: ConnectionThreads

    /// Nothing is connected yet.
    ///
    /// - Parameters:
    ///   - url: Where the server is.
    ///   - connections: The number of connections, 1 or more; smaller numbers count as 1.
    ///   - queue: How much work may wait for a connection; more fails at once with code ``PostgresError/Code/busy``.
    ///   - patience: How long work waits for a connection before it fails with code ``PostgresError/Code/busy``.
    ///   - timeouts: Limits of connecting, of statements and of answers.
    ///   - logger: For losses and recoveries of the connection.
    public init(
        _ url: PostgresURL, connections: Int = 10, queue: Int = 1000, patience: Duration = .seconds(5),
        timeouts: PostgresTimeouts = PostgresTimeouts(), logger: Logger
    ) {
        self.url = url
        self.timeouts = timeouts
        self.logger = logger
        threads = ConnectionThreads(
            ConnectionThreads.Settings(
                url: url, connections: max(1, connections), queue: max(0, queue), patience: patience,
                timeouts: timeouts),
            logger: logger)
    }

    deinit { threads.close() }

    /// Runs `body` on the thread of a free connection. It must not wait for anything but the connection.
    ///
    /// Each round trip is a transaction of its own. Statements put off are sent when `body` returns. If the task is
    /// cancelled, the running statement is waited for, since it commits, and no other one is sent.
    ///
    /// - Throws: ``PostgresError``, what `body` throws, or `CancellationError`.
    public func run<R: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        try await threads.perform { connection in
            let result = try body(connection)
            try connection.flush()
            return result
        }
    }

    /// Runs `body` once in a transaction: BEGIN with its first statement, COMMIT when it returns, ROLLBACK if it throws.
    ///
    /// If the answer to COMMIT is lost, the server is asked for the outcome (`pg_xact_status`); if it has crashed
    /// meanwhile, a commit cannot be told from another one, and the outcome is unknown. If the task is cancelled before
    /// COMMIT is sent, the running statement is cancelled and the transaction is undone; COMMIT itself is never
    /// interrupted.
    ///
    /// - Parameters:
    ///   - isolation: nil: the URL's for a transaction that writes, REPEATABLE READ for one that only reads.
    ///   - isReadOnly: Whether the transaction only reads.
    ///   - body: the statements of the transaction.
    /// - Throws: ``PostgresError``, with code ``PostgresError/Code/serialization`` if it has to be run again and
    ///   ``PostgresError/Code/unknownOutcome`` if the outcome stays unknown; what `body` throws; or `CancellationError`.
    public func transaction<R: Sendable>(
        isolation: PostgresIsolation? = nil, isReadOnly: Bool = false,
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        let level = isolation ?? (isReadOnly ? .repeatableRead : url.isolation)
        let ended = try await threads.perform { connection in
            try connection.transaction(isolation: level, isReadOnly: isReadOnly, body)
        }
        switch ended {
        case .committed(let result): return result
        case .unknown(let result, let mark):
            // The caller may be cancelled; what has reached COMMIT is finished all the same.
            try await Task { try await self.resolve(mark) }.value
            return result
        }
    }

    /// Rejects further work with code ``PostgresError/Code/closed``, waits for the running one, and closes all
    /// connections.
    ///
    /// - Parameter patience: How long running work is waited for; then its connection is closed.
    public func close(patience: Duration = .seconds(10)) async {
        threads.close()
        let bound = Task {
            try await Task.sleep(for: patience)
            threads.interrupt()
        }
        await threads.closed()
        bound.cancel()
    }

    /// Asks for the outcome of a transaction whose answer to COMMIT was lost.
    ///
    /// Transaction ids are not durable before their transaction is. A server that was started again, that recovers from
    /// a crash, or that was a standby gives the ids of lost transactions to others: what it calls committed may be
    /// another one, and the outcome stays unknown. What it calls aborted was not committed in any case, since the id of a
    /// committed transaction is not given again.
    ///
    /// - Throws: ``PostgresError`` if it was not committed, or if that stays unknown.
    private func resolve(_ mark: TransactionMark?) async throws {
        let deadline = ContinuousClock.now + timeouts.outcome
        asking: while let mark, ContinuousClock.now < deadline {
            let answer = try? await run { connection -> (status: String?, isSameServer: Bool) in
                let isSame = mark.serverLife != nil && connection.serverLife == mark.serverLife
                do {
                    let rows = try connection.query(.transactionStatus, [.int(mark.id)])
                    return (try rows.first?.optionalText(0), isSame)
                } catch let error as PostgresError where error.state == "22023" {
                    // "In the future": this server has never seen it.
                    return ("aborted", isSame)
                }
            }
            switch (answer?.status, answer?.isSameServer) {
            case ("committed", true): return
            case ("committed", _): break asking
            case ("aborted", _):
                throw PostgresError(
                    .unreachable, "the connection was lost and the transaction was rolled back")
            default: try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw PostgresError(
            .unknownOutcome, "the connection was lost during COMMIT; whether it took effect is not known")
    }
}

/// How a transaction ended without an error.
enum TransactionEnd<R: Sendable>: Sendable {
    case committed(R)
    /// - Parameter mark: nil if the transaction's id is not known.
    case unknown(R, TransactionMark?)
}

extension PostgresConnection {
    /// Runs `body` in a transaction.
    func transaction<R: Sendable>(
        isolation: PostgresIsolation, isReadOnly: Bool, _ body: (PostgresConnection) throws -> R
    ) throws -> TransactionEnd<R> {
        begin(isolation: isolation, isReadOnly: isReadOnly)
        do {
            let result = try body(self)
            switch try commit() {
            case .committed: return .committed(result)
            case .unknown(let mark): return .unknown(result, mark)
            }
        } catch {
            rollback()
            throw error
        }
    }
}
