// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
public import AuthSignals
import AuthStore
import Foundation

extension PostgresStore {
    /// Writes the results of rows, in one transaction and one round trip; on the relay lease's connection while this
    /// process holds the lease. A row that no longer exists is ignored.
    public func settle(_ settlements: [OutboxSettlement]) async throws {
        if settlements.isEmpty { return }
        let (retries, results) = (RetryRows(settlements), ResultRows(settlements))
        let keepsConfirmed = retention > .zero
        let session = relayLease.session
        // Not cancelled with the calling task: the rows record what has already happened at the broker.
        try await Task {
            try await outboxTransaction(on: session) { connection in
                if !retries.sequences.isEmpty { connection.later(.deferRows, retries.values) }
                if !results.sequences.isEmpty {
                    connection.later(.settleRows, results.values + [.bool(keepsConfirmed)])
                }
            }
        }.value
    }
}

/// Rows to defer, by column. Of several deferrals of one row the last one counts.
private struct RetryRows: Sendable {
    private(set) var sequences: [Int64] = []
    private var times: [Int64] = []
    private var reasons: [String] = []

    init(_ settlements: [OutboxSettlement]) {
        var places: [Int64: Int] = [:]
        var settled: Set<Int64> = []
        for settlement in settlements where !settled.contains(settlement.sequence) {
            guard case .retry(let time, let reason) = settlement.result else {
                settled.insert(settlement.sequence)
                continue
            }
            let (at, text) = (max(1, time.milliseconds), reason.storable.reason)
            if let place = places[settlement.sequence] {
                (times[place], reasons[place]) = (at, text)
            } else {
                places[settlement.sequence] = sequences.count
                sequences.append(settlement.sequence)
                times.append(at)
                reasons.append(text)
            }
        }
    }

    var values: [PostgresValue] { [.ints(sequences), .ints(times), .texts(reasons)] }
}

/// Rows that leave the outbox, by column. Of several results of one row the first one counts.
private struct ResultRows: Sendable {
    private(set) var sequences: [Int64] = []
    private var times: [Int64] = []
    private var results: [String] = []
    private var reasons: [String?] = []

    init(_ settlements: [OutboxSettlement]) {
        var settled: Set<Int64> = []
        for settlement in settlements {
            let (result, reason): (String, String?)
            switch settlement.result {
            case .retry: continue
            case .confirmed: (result, reason) = ("confirmed", nil)
            case .unrouted: (result, reason) = ("unrouted", nil)
            case .parked(let text): (result, reason) = ("parked", text.storable.reason)
            }
            guard settled.insert(settlement.sequence).inserted else { continue }
            sequences.append(settlement.sequence)
            times.append(settlement.at.milliseconds)
            results.append(result)
            reasons.append(reason)
        }
    }

    var values: [PostgresValue] { [.ints(sequences), .ints(times), .texts(results), .texts(reasons)] }
}

extension PostgresStatement {
    // One statement moves the rows: with two, a row that another transaction erases in between would be kept or lost.
    // `= ANY` and not a join, so that the index is used whatever the statistics say about a table that is empty most of
    // the time.
    fileprivate static let settleRows = PostgresStatement(
        """
        WITH gone AS (
            DELETE FROM auth_outbox WHERE sequence = ANY($1) AND sequence IS NOT NULL
            RETURNING \(OutboxColumns.common)
        ), settled AS (
            SELECT gone.*, outcome.result, outcome.reason, outcome.at FROM gone
            JOIN unnest($1, $2, $3, $4) AS outcome (sequence, at, result, reason) USING (sequence)
        ), kept AS (
            INSERT INTO auth_outbox_history (\(OutboxColumns.common), result, settled_at)
            SELECT \(OutboxColumns.common), result, at FROM settled
            WHERE result = 'unrouted' OR (result = 'confirmed' AND $5)
        ), parked AS (
            INSERT INTO auth_outbox_parked (\(OutboxColumns.common), reason, settled_at)
            SELECT \(OutboxColumns.common), coalesce(reason, ''), at FROM settled WHERE result = 'parked'
        ), change AS (
            SELECT count(*) FILTER (WHERE result = 'confirmed') AS confirmed,
                count(*) FILTER (WHERE result = 'unrouted') AS unrouted,
                count(*) FILTER (WHERE result = 'parked') AS parked
            FROM settled
        )
        UPDATE auth_outbox_count AS o
        SET confirmed = o.confirmed + change.confirmed, unrouted = o.unrouted + change.unrouted,
            parked = o.parked + change.parked,
            purged = o.purged + CASE WHEN $5 THEN 0 ELSE change.confirmed END
        FROM change WHERE change.confirmed + change.unrouted + change.parked > 0
        """)

    fileprivate static let deferRows: PostgresStatement = """
        UPDATE auth_outbox AS o
        SET attempts = least(greatest(o.attempts, 0), 1000000) + 1, not_before = later.at,
            last_error = later.reason
        FROM unnest($1, $2, $3) AS later (sequence, at, reason)
        WHERE o.sequence = ANY($1) AND o.sequence IS NOT NULL AND o.sequence = later.sequence
        """
}
