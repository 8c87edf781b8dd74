// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Logging

/// The name of a session advisory lock: a table of the connection's schema, so that two schemas of one database have
/// different locks, and a number.
public struct PostgresLock: Hashable, Sendable {
    /// A table that the connection finds in its `search_path`; its OID is the first key of the lock.
    public var table: String
    /// The second key: tells the locks of one table apart.
    public var number: Int32

    /// - Parameters:
    ///   - table: a table that exists, in the connection's `search_path`; otherwise acquiring the lock fails with code
    ///     ``PostgresError/Code/refused``.
    ///   - number: tells the locks of one table apart; any number.
    public init(table: String, number: Int32) {
        self.table = table
        self.number = number
    }
}

/// A held lease: a session advisory lock on a connection of its own, outside of the pool.
///
/// The server frees the lock when the connection ends. What must not be done without the lease is done on its
/// connection (``run(_:)``, ``transaction(isolation:isReadOnly:_:)``): after a loss these fail, whatever this process believes.
///
/// The connection is asked for an answer every 2 s, which is how a loss is noticed: within 2 s if the server ends the
/// connection, within about 10 s if the network is silent. The server notices a host that is gone after about 11 s, and ends the
/// session of a holder that lives but is silent for 12 s, such as a frozen one. In the middle of a transaction it waits
/// 60 s (`idle_in_transaction_session_timeout`), so that work on the lease may pause. PostgreSQL 13 does not end such a
/// session.
///
/// ```swift
/// let lock = PostgresLock(table: "auth_outbox", number: 2)
/// let lease = try await PostgresLease.acquire(lock, at: url, logger: logger)
/// defer { lease.release() }
/// _ = try await lease.run { connection in try connection.query("…") }
/// ```
public final class PostgresLease: Lease {
    private let threads: ConnectionThreads
    private let pings: Task<Void, Never>

    private static let attempts = Duration.milliseconds(200)
    private static let pingInterval = Duration.seconds(2)
    private static let pingTimeout = Duration.seconds(8)

    /// How long a holder may be silent outside of a transaction.
    public static let silence = Duration.seconds(12)

    /// Connects and tries to take the lock every 200 ms until it succeeds. While the server cannot be reached, it tries
    /// again with back-off.
    ///
    /// - Parameters:
    ///   - lock: the lock that is the lease.
    ///   - url: where the server is.
    ///   - timeouts: limits of connecting, of statements and of answers.
    ///   - silence: how long the holder may be silent outside of a transaction until the server ends its session, 1
    ///     ms or more. A holder is never silent for more than 2 s unless it is frozen, or its work occupies the
    ///     connection without a transaction.
    ///   - logger: receives the log lines.
    /// - Throws: `CancellationError` when the task is cancelled; ``PostgresError`` with code
    ///   ``PostgresError/Code/refused`` or ``PostgresError/Code/tls``.
    public static func acquire(
        _ lock: PostgresLock, at url: PostgresURL, timeouts: PostgresTimeouts = PostgresTimeouts(),
        silence: Duration = PostgresLease.silence, logger: Logger
    ) async throws -> PostgresLease {
        let backoff = Backoff(first: .milliseconds(200), limit: .seconds(2), jitter: 50)
        var failures = 0
        while true {
            try Task.checkCancellation()
            let threads = ConnectionThreads(
                ConnectionThreads.Settings(
                    url: url, connections: 1, queue: 1000, patience: .seconds(60), timeouts: timeouts,
                    reconnects: false),
                logger: logger)
            do {
                while try await !tryLock(lock, silence, on: threads) {
                    failures = 0
                    try await Task.sleep(for: attempts)
                }
                return PostgresLease(threads)
            } catch {
                threads.close()
                guard let error = error as? PostgresError, error.code != .refused, error.code != .tls else {
                    throw error
                }
                failures += 1
                if failures == 1 {
                    logger.warning(
                        "connection to PostgreSQL for a lease failed",
                        metadata: [
                            "database": "\(url)", "code": "\(error.code)", "error": "\(error.message)",
                        ])
                }
                try await Task.sleep(for: backoff.delay(afterFailures: failures))
            }
        }
    }

    private static func tryLock(
        _ lock: PostgresLock, _ silence: Duration, on threads: ConnectionThreads
    ) async throws -> Bool {
        let milliseconds = min(max(silence.wholeMilliseconds, 1), Int64(Int32.max))
        return try await threads.perform { connection in
            let key: [PostgresValue] = [.text(lock.table), .int4(lock.number)]
            guard try connection.query(.tryLock, key).first?.bool(0) ?? false else { return false }
            // A frozen process answers keepalives: its host does.
            try connection.query(.limitSilence, [.text("\(milliseconds)")])
            return true
        }
    }

    private init(_ threads: ConnectionThreads) {
        self.threads = threads
        pings = Task {
            while (try? await Task.sleep(for: Self.pingInterval)) != nil {
                do {
                    try await threads.perform { try $0.ping(timeout: Self.pingTimeout) }
                } catch let error as PostgresError where error.code == .busy {
                    // Other work occupies the connection.
                } catch {
                    return
                }
            }
        }
    }

    deinit { release() }

    /// Runs `body` on the lease's connection, as ``PostgresPool/run(_:)``.
    ///
    /// - Throws: Also ``PostgresError`` with code ``PostgresError/Code/closed`` after ``release()`` and
    ///   ``PostgresError/Code/unreachable`` after a loss.
    public func run<R: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        try await threads.perform { connection in
            let result = try body(connection)
            try connection.flush()
            return result
        }
    }

    /// Runs `body` in a transaction on the lease's connection, as ``PostgresPool/transaction(isolation:isReadOnly:_:)``.
    ///
    /// If the answer to COMMIT is lost, the lease is lost, too: the code is ``PostgresError/Code/unknownOutcome``.
    public func transaction<R: Sendable>(
        isolation: PostgresIsolation? = nil, isReadOnly: Bool = false,
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        let level = isolation ?? (isReadOnly ? .repeatableRead : threads.settings.url.isolation)
        let ended = try await threads.perform { connection in
            try connection.transaction(isolation: level, isReadOnly: isReadOnly, body)
        }
        switch ended {
        case .committed(let result): return result
        case .unknown:
            throw PostgresError(
                .unknownOutcome, "the connection was lost during COMMIT; whether it took effect is not known")
        }
    }

    /// Returns when the connection was lost, after ``release()``, or when the task is cancelled.
    public func lost() async { await threads.lost() }

    /// Closes the connection, which frees the lock. Further calls do nothing.
    public func release() {
        pings.cancel()
        threads.close()
    }
}

extension PostgresStatement {
    /// The table's OID is the first key: the database's locks are the same for all its schemas.
    static let tryLock: PostgresStatement = "SELECT pg_try_advisory_lock($1::regclass::oid::int, $2)"
    /// PostgreSQL 13 does not know the setting; it is left alone there.
    static let limitSilence: PostgresStatement = """
        SELECT set_config('idle_session_timeout', $1, false)
            WHERE current_setting('idle_session_timeout', true) IS NOT NULL
        """
}
