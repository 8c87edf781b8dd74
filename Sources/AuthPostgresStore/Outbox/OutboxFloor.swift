// SPDX-License-Identifier: Apache-2.0
import AuthPostgres

/// An id up to which no row without a number can appear any more, so that the search for such rows can begin above it.
///
/// An id is drawn before its transaction commits, so a row can become visible long after rows with higher ids. A
/// transaction that has drawn an id holds a lock on the table until it ends: an id is a floor when all transactions that
/// held that lock after it was drawn have ended, and no row up to it is without a number.
///
/// It is known for one connection, and forgotten with it: a standby that became the primary continues with ids that may
/// be lower.
struct OutboxFloor: Sendable {
    /// How often it is raised, at most.
    var period = Duration.seconds(10)
    /// How often all rows are searched nevertheless, in case that an operator has changed the ids of rows.
    static let fullPeriod = Duration.seconds(60)

    /// No row up to this id is without a number.
    private(set) var id: Int64 = 0
    /// An id that becomes the floor when these transactions have ended.
    private var candidate: (id: Int64, writers: Set<String>)?
    private var nextRaise = ContinuousClock.now
    /// When the next search is one of all rows.
    var nextFullSearch = ContinuousClock.now + fullPeriod

    /// Where the next search begins.
    mutating func forSearch(at now: ContinuousClock.Instant) -> Int64 {
        guard now >= nextFullSearch else { return id }
        nextFullSearch = now + Self.fullPeriod
        return 0
    }

    /// Whether it is time to call ``raise(on:)``.
    mutating func isDue(at now: ContinuousClock.Instant) -> Bool {
        guard now >= nextRaise else { return false }
        nextRaise = now + period
        return true
    }

    /// Raises it as far as is known to be safe. Outside of a transaction.
    mutating func raise(on connection: PostgresConnection) throws {
        if let candidate {
            let writers = try Self.writers(on: connection)
            // A prepared transaction is listed under another name than the transaction that it was.
            guard candidate.writers.isDisjoint(with: writers), !writers.contains(where: { $0.hasPrefix("-") })
            else { return }
            let rows = try connection.query(.unnumberedUpTo, [.int(id), .int(candidate.id)])
            guard try rows.first?.bool(0) == false else { return }
            id = candidate.id
        }
        // First the id, then the transactions that may have drawn it or a lower one.
        let drawn = try connection.query(.lastID).first?.optionalInt(0) ?? 0
        candidate = (max(id, drawn), try Self.writers(on: connection))
    }

    private static func writers(on connection: PostgresConnection) throws -> Set<String> {
        Set(try connection.query(.outboxWriters).map { try $0.text(0) })
    }
}

extension PostgresStatement {
    fileprivate static let lastID: PostgresStatement = """
        SELECT pg_sequence_last_value(pg_get_serial_sequence('auth_outbox', 'id')::regclass)
        """

    fileprivate static let outboxWriters: PostgresStatement = """
        SELECT DISTINCT virtualtransaction FROM pg_locks
        WHERE locktype = 'relation' AND relation = 'auth_outbox'::regclass AND mode = 'RowExclusiveLock'
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            AND pid IS DISTINCT FROM pg_backend_pid()
        """

    fileprivate static let unnumberedUpTo: PostgresStatement = """
        SELECT EXISTS (SELECT FROM auth_outbox WHERE sequence IS NULL AND id > $1 AND id <= $2)
        """
}
