// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
public import AuthSignals
import AuthStore
public import Foundation
import Logging
import Synchronization

extension PostgresStore: Outbox {
    /// Waits for the relay lease: a session advisory lock on a connection of its own, which the server frees when the
    /// connection ends. Numbering and settling use that connection while the lease is held.
    ///
    /// Then makes sure that no number in use is assigned again. A failure of this is logged, and does not keep the relay
    /// from starting: what fails for good fails when it reads, too.
    public func acquireRelayLease() async throws -> any Lease {
        let lease = try await StoreError.convertingPostgresErrors { try await relayLease.acquire() }
        do {
            let raised = try await outboxTransaction(on: relayLease.session) { try $0.raiseLastSequence() }
            if let raised { logRaised(to: raised) }
        } catch is CancellationError {
            lease.release()
            throw CancellationError()
        } catch {
            logger.error("checking the last number of the outbox failed", metadata: ["error": "\(error)"])
        }
        return lease
    }

    public func wakeUps() -> AsyncStream<Void> { storeWakeUps.outbox.stream() }

    // MARK: Reading

    /// The rows after `cursor`. Committed rows without a number are numbered first.
    public func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage {
        let limit = max(0, limit)
        let session = relayLease.session
        let floor = session?.floor.withLock { $0.forSearch(at: .now) } ?? 0
        // The limit includes rows that are not due, so that many of them cannot make a read long.
        let window: [PostgresValue] = [
            .int(now.milliseconds), .int(now.latestDue), .int(cursor), .int(Int64(limit)),
        ]
        let found =
            if let rows = try await numberedPage(window, on: session, floor: floor) {
                rows
            } else {
                try await numberingPage(window, on: session, floor: floor, limit: limit)
            }
        if let session { await raiseFloor(session) }
        let hasMore = found.count >= min(limit, Self.largestNumberingBatch)
        var page = OutboxPage(rows: [], cursor: cursor, hasMore: hasMore)
        for row in found {
            page.cursor = try StoreError.unreadable(row.int(0))
            if try StoreError.unreadable(row.bool(OutboxColumns.count)) { continue }
            do { page.rows.append(try OutboxRow(row)) } catch { logUnreadable(error) }
        }
        if !found.isEmpty { session?.lastRead.withLock { $0 = max($0, page.cursor) } }
        return page
    }

    public func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow] {
        try await outboxRows(
            .dueOutboxRows,
            [
                .int(now.milliseconds), .int(now.latestDue), .int(cursor), .int(Int64(max(0, limit))),
            ])
    }

    public func rows(
        ofSubject subject: String, after sequence: Int64, limit: Int
    ) async throws -> [OutboxRow] {
        try await outboxRows(
            .outboxRowsOfSubject,
            [.text(subject.asSubject.storable), .int(sequence), .int(Int64(max(0, limit)))])
    }

    /// The numbers of rows by state. Rows that have no number yet are counted as pending and emitted.
    public func status() async throws -> OutboxStatus {
        let floor = relayLease.session?.floor.withLock { $0.id } ?? 0
        return try await StoreError.convertingPostgresErrors {
            try await pool.run { connection in try OutboxCount.status(on: connection, floor: floor).status }
        }
    }

    /// Logs an unreadable row. It stays in its table: it is not lost, and does not stop the others.
    @Sendable func logUnreadable(_ error: any Error) {
        logger.error("outbox row unreadable; skipped", metadata: ["error": "\(error)"])
    }

    private func outboxRows(
        _ statement: PostgresStatement, _ values: [PostgresValue]
    ) async throws -> [OutboxRow] {
        let found = try await StoreError.convertingPostgresErrors {
            try await pool.run { connection in try connection.query(statement, values) }
        }
        var rows: [OutboxRow] = []
        for row in found {
            do { rows.append(try OutboxRow(row)) } catch { logUnreadable(error) }
        }
        return rows
    }

    /// A page, if all rows have a number; nil if some must be numbered first.
    ///
    /// Without a transaction: one that may write is counted by the server, and its end is recorded. While many signals
    /// are emitted, the answer is known, and this is skipped.
    private func numberedPage(
        _ page: [PostgresValue], on session: RelayLeaseHolder.Session?, floor: Int64
    ) async throws -> PostgresRows? {
        if session?.hasNumbered.withLock({ $0 }) == true { return nil }
        let read: @Sendable (PostgresConnection) throws -> PostgresRows? = { connection in
            guard let probe = try connection.query(.probeOutbox, [.int(floor)]).first else {
                throw StoreError.missingOutboxCount
            }
            if try probe.bool(1) { return nil }
            return try connection.query(.outboxPage, page)
        }
        return try await StoreError.convertingPostgresErrors {
            if let session { return try await session.lease.run(read) }
            return try await pool.run(read)
        }
    }

    /// Numbers rows, commits, and returns a page.
    private func numberingPage(
        _ page: [PostgresValue], on session: RelayLeaseHolder.Session?, floor: Int64, limit: Int
    ) async throws -> PostgresRows {
        let batch = min(max(limit, Self.numberingBatch), Self.largestNumberingBatch)
        let (rows, count) = try await outboxTransaction(on: session) { connection in
            var count = 0
            connection.numberRows(above: floor, limit: batch) { count = $0 }
            return (try connection.query(.outboxPage, page), count)
        }
        session?.hasNumbered.withLock { $0 = count > 0 }
        return rows
    }

    /// Failures are ignored: the floor only saves time, and the next read fails for the same reason.
    private func raiseFloor(_ session: RelayLeaseHolder.Session) async {
        guard session.floor.withLock({ $0.isDue(at: .now) }) else { return }
        try? await session.lease.run { connection in
            // A copy, because the lock must not be held during a round trip. Nothing else changes it meanwhile: bodies
            // run one after the other on this connection.
            var floor = session.floor.withLock { $0 }
            try floor.raise(on: connection)
            session.floor.withLock { $0 = floor }
        }
    }
}

extension PostgresStore {
    /// Runs a transaction of the relay or of an operator, with READ COMMITTED whatever isolation flows have: a statement
    /// that follows a lock must see what its former holder committed.
    ///
    /// - Parameter session: the relay lease's session, whose connection is used; nil for a connection of the pool.
    /// - Throws: ``StoreError``; after the lease was lost with code `unreachable`.
    func outboxTransaction<R: Sendable>(
        on session: RelayLeaseHolder.Session? = nil,
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        var run = 1
        while true {
            do {
                guard let session else {
                    return try await pool.transaction(isolation: .readCommitted, body)
                }
                return try await session.lease.transaction(isolation: .readCommitted, body)
            } catch let error as PostgresError where error.isRetryable && run < Self.mostRuns {
                run += 1
                try await Task.sleep(for: .milliseconds(Int.random(in: 5...50)))
            } catch let error as PostgresError {
                throw StoreError.cause(of: error)
            }
        }
    }
}

extension Date {
    /// Until when a row that is deferred now may wait. A row that would wait longer was deferred by a wrong clock.
    fileprivate var latestDue: Int64 { addingTimeInterval(OutboxSettlement.longestWait).milliseconds }
}

extension PostgresStatement {
    fileprivate static let outboxPage = PostgresStatement(
        """
        SELECT \(OutboxColumns.common), not_before > $1 AND not_before <= $2 FROM auth_outbox
        WHERE sequence > $3 ORDER BY sequence LIMIT $4
        """)

    fileprivate static let dueOutboxRows = PostgresStatement(
        """
        SELECT \(OutboxColumns.common) FROM auth_outbox
        WHERE not_before > 0 AND (not_before <= $1 OR not_before > $2) AND sequence <= $3
        ORDER BY sequence LIMIT $4
        """)

    fileprivate static let outboxRowsOfSubject = PostgresStatement(
        """
        SELECT \(OutboxColumns.common) FROM auth_outbox
        WHERE subject = $1 AND sequence > $2 ORDER BY sequence LIMIT $3
        """)
}
