// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthPostgres
import AuthSignals
import AuthStore
public import Foundation

/// Counts attempts in a PostgreSQL database, atomically across all hosts: a sliding log.
///
/// ```swift
/// let limiter = PostgresRateLimiter(pool: store.pool)
/// ```
///
/// The tables are the store's (`PostgresStore.migrate()`). Each call is one round trip and a transaction of its own,
/// never the flow's, so that an attempt counts although its flow is rolled back. The attempts are in an unlogged table
/// and their commits wait for no disk; what a crash or a failover of the server loses of them does not matter.
public final class PostgresRateLimiter: SweepingRateLimiter {
    private let pool: PostgresPool

    /// - Parameter pool: the connections; the store's can be shared.
    public init(pool: PostgresPool) { self.pool = pool }

    /// - Throws: `StoreError`: `busy`, `unreachable`, …
    public func consume(_ limits: [RateLimitUse], now: Date) async throws -> RateLimitDecision {
        if limits.isEmpty { return .allowed(RateLimitTicket(entries: [])) }
        return try await run { connection in
            let rows = try connection.query(
                .consume,
                [
                    .texts(limits.map(\.bucket.storable)), .ints(limits.map { Int64($0.amount) }),
                    .ints(limits.map(\.milliseconds)), .int(now.milliseconds),
                    .int(Self.clockTolerance),
                ])
            if let wait = try rows.first?.optionalInt(0) {
                return .refused(retryAfter: Double(wait) / 1000)
            }
            return .allowed(RateLimitTicket(entries: try rows.compactMap { try $0.optionalInt(1) }))
        }
    }

    /// - Throws: `StoreError`: `busy`, `unreachable`, …
    public func refund(_ ticket: RateLimitTicket) async throws {
        if ticket.entries.isEmpty { return }
        _ = try await run { try $0.query(.refund, [.ints(ticket.entries)]).affected }
    }

    /// - Throws: `StoreError`: `busy`, `unreachable`, …
    public func forget(_ buckets: [String]) async throws {
        if buckets.isEmpty { return }
        _ = try await run { try $0.query(.forget, [.texts(buckets.map(\.storable))]).affected }
    }

    /// Deletes expired attempts, in small batches. If another host does the same at that moment, nothing is deleted.
    ///
    /// - Returns: how many attempts were deleted.
    /// - Throws: `StoreError`: `busy`, `unreachable`, …
    public func sweep(now: Date) async throws -> Int {
        var total = 0
        while true {
            let deleted = try await run { connection in
                try connection.query(.sweep, [.int(now.milliseconds), .int(Int64(Self.batch))]).affected
            }
            total += deleted
            if deleted < Self.batch { return total }
            try Task.checkCancellation()
        }
    }

    private static let clockTolerance = Int64(saturating: (RateLimitUse.clockTolerance * 1000).rounded())
    private static let batch = 1000

    /// Runs the statement of `body` in a transaction of its own, in one round trip; again if a concurrent one stopped it.
    private func run<R: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        var run = 1
        while true {
            do {
                return try await pool.run { connection in
                    connection.later(.commitAsynchronously)
                    return try body(connection)
                }
            } catch let error as PostgresError where error.isRetryable && run < PostgresStore.mostRuns {
                run += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...50)))
            } catch let error as PostgresError {
                throw StoreError.cause(of: error)
            }
        }
    }
}

extension RateLimitUse {
    fileprivate var milliseconds: Int64 { Int64(saturating: (per * 1000).rounded()) }
}

extension PostgresStatement {
    // Until the end of the transaction.
    fileprivate static let commitAsynchronously: PostgresStatement =
        "SELECT set_config('synchronous_commit', 'off', true)"

    // One row with the wait, or a row for each counted attempt, in the order of the limits.
    fileprivate static let consume: PostgresStatement = """
        SELECT counted.wait_ms, entry.id
        FROM auth_consume($1, $2, $3, $4, $5) AS counted
        LEFT JOIN LATERAL unnest(counted.entries) WITH ORDINALITY AS entry(id, position) ON true
        ORDER BY entry.position
        """

    fileprivate static let refund: PostgresStatement =
        "DELETE FROM auth_attempt WHERE id = ANY ($1::bigint[])"
    fileprivate static let forget: PostgresStatement =
        "DELETE FROM auth_attempt WHERE bucket = ANY ($1::text[])"

    // Of several hosts one sweeps; the condition on the lock is evaluated once.
    fileprivate static let sweep: PostgresStatement = """
        DELETE FROM auth_attempt WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM auth_attempt
            WHERE expires_at <= $1 AND (SELECT pg_try_advisory_xact_lock('auth_attempt'::regclass::oid::int, 3))
            ORDER BY expires_at LIMIT $2
            FOR UPDATE SKIP LOCKED
        ))
        """
}
