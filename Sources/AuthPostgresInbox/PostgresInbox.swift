// SPDX-License-Identifier: Apache-2.0
public import AuthPostgres
public import AuthSignals
public import Foundation
import Synchronization

/// An inbox in a PostgreSQL database, which the workers of all hosts share.
///
/// ```swift
/// let url = try PostgresURL(parsing: "postgres://worker@127.0.0.1/billing")
/// let inbox = PostgresInbox(pool: PostgresPool(url, logger: logger))
/// ```
///
/// If the tables are the application's database, a handler's writes and its mark are one transaction
/// (`handlers.once`). A worker that receives a message which another worker is handling waits until that one has
/// committed or rolled back, so that exactly one of them handles it.
///
/// Its tables `auth_inbox`, `auth_inbox_begun`, `auth_inbox_work` and `auth_inbox_schema` are created in the first
/// schema of the connections' `search_path` when the inbox is first used, or by ``migrate()``.
public final class PostgresInbox: Inbox {
    let pool: PostgresPool
    private let isReadOnly: Bool
    private let isMigrated = Mutex(false)
    private let reads: GroupCommit<InboxMark, Bool>
    private let marks: GroupCommit<TimedMark, Void>

    private struct TimedMark: Sendable {
        var mark: InboxMark
        var time: Date
    }

    /// The maximum number of marks that one statement reads or writes.
    private static let largestBatch = 256

    /// How often a transaction is run, at most, if concurrent transactions prevent its commit.
    static let mostRuns = 5

    /// - Parameter pool: A transactional handler occupies one connection while it runs, so the pool needs as many as
    ///   handlers run at the same time, and one more for the marks; about 16 at most.
    public convenience init(pool: PostgresPool) {
        self.init(pool: pool, isReadOnly: false)
    }

    /// An existing inbox, for queries: nothing is created.
    public static func existing(pool: PostgresPool) -> PostgresInbox {
        PostgresInbox(pool: pool, isReadOnly: true)
    }

    private init(pool: PostgresPool, isReadOnly: Bool) {
        self.pool = pool
        self.isReadOnly = isReadOnly
        reads = GroupCommit(largest: Self.largestBatch) { marks in
            do {
                let found = try await Self.areDone(marks, pool)
                return found.map { .success($0) }
            } catch {
                return marks.map { _ in .failure(error) }
            }
        }
        marks = GroupCommit(largest: Self.largestBatch) { marks in
            do {
                try await Self.write(marks, pool)
                return marks.map { _ in .success(()) }
            } catch {
                return marks.map { _ in .failure(error) }
            }
        }
    }

    /// Creates the tables, or brings them up to date. Hosts that start at the same time wait for each other.
    ///
    /// The first call of any other function does the same. Call it in a deployment if the worker's database user must
    /// not create tables.
    ///
    /// - Throws: `PostgresError`; ``PostgresInboxError`` with code ``PostgresInboxError/Code/newerSchema``, or
    ///   ``PostgresInboxError/Code/missing`` for an existing inbox without tables.
    public func migrate() async throws {
        try await PostgresInboxSchema.migrate(pool, isReadOnly: isReadOnly)
        isMigrated.withLock { $0 = true }
    }

    /// Creates the tables before the first use.
    func ready() async throws {
        if !isMigrated.withLock({ $0 }) { try await migrate() }
    }

    // MARK: Marks

    /// - Throws: `PostgresError`, ``PostgresInboxError``.
    public func isDone(handler: String, messageID: UUID) async throws -> Bool {
        try await ready()
        return try await reads(InboxMark(handler: handler, messageID: messageID))
    }

    /// - Throws: `PostgresError`, ``PostgresInboxError``.
    public func markDone(handler: String, messageID: UUID, at time: Date) async throws {
        try await ready()
        try await marks(TimedMark(mark: InboxMark(handler: handler, messageID: messageID), time: time))
    }

    /// - Parameters:
    ///   - handler: The name of the handler.
    ///   - messageID: The id of the message.
    ///   - time: The current time.
    ///   - body: It may run more than once: if concurrent transactions prevent the commit, its writes are rolled back
    ///     and it runs again, at most 5 times.
    /// - Throws: What `body` throws; `PostgresError`. If the outcome of the commit is unknown, the message is to be
    ///   delivered again: the mark then decides.
    public func once(
        handler: String, messageID: UUID, at time: Date,
        _ body: @Sendable (any InboxTransaction) throws -> Void
    ) async throws -> Bool {
        try await ready()
        return try await withoutActuallyEscaping(body) { body in
            let body = InboxBody(body)
            defer { body.release() }
            return try await repeated {
                // Whatever isolation level the URL sets: a transaction that waits for another one with the same mark
                // must see that one's commit.
                try await pool.transaction(isolation: .readCommitted) { connection in
                    let mark = try connection.query(
                        .mark, [.text(handler), .uuid(messageID), .int(time.milliseconds)])
                    guard mark.affected == 1 else { return false }
                    try body.run(PostgresInboxTransaction(connection: connection))
                    return true
                }
            }
        }
    }

    /// - Returns: For each mark whether it exists.
    private static func areDone(_ marks: [InboxMark], _ pool: PostgresPool) async throws -> [Bool] {
        let found = try await repeated {
            try await pool.run { connection in
                try connection.query(
                    .areDone, [.texts(marks.map(\.handler)), .uuids(marks.map(\.messageID))]
                ).map { try $0.bool(0) }
            }
        }
        guard found.count == marks.count else {
            throw PostgresError(.unexpectedResult, "the server returned fewer rows than were asked for")
        }
        return found
    }

    private static func write(_ marks: [TimedMark], _ pool: PostgresPool) async throws {
        try await repeated {
            try await pool.run { connection in
                _ = try connection.query(
                    .markAll,
                    [
                        .texts(marks.map(\.mark.handler)), .uuids(marks.map(\.mark.messageID)),
                        .ints(marks.map(\.time.milliseconds)),
                    ])
            }
        }
    }
}

extension PostgresStatement {
    fileprivate static let areDone: PostgresStatement = """
        SELECT EXISTS (SELECT FROM auth_inbox WHERE handler = m.handler AND message_id = m.message_id)
        FROM unnest($1::text[], $2::uuid[]) WITH ORDINALITY AS m(handler, message_id, position)
        ORDER BY m.position
        """

    fileprivate static let mark: PostgresStatement = """
        INSERT INTO auth_inbox (handler, message_id, done_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING
        """

    // In the order of the keys, so that two workers that write the same marks do not wait for each other.
    fileprivate static let markAll: PostgresStatement = """
        INSERT INTO auth_inbox (handler, message_id, done_at)
        SELECT handler, message_id, done_at
        FROM unnest($1::text[], $2::uuid[], $3::bigint[]) WITH ORDINALITY AS m(handler, message_id, done_at, position)
        ORDER BY handler COLLATE "C", message_id, position
        ON CONFLICT DO NOTHING
        """
}

/// Runs `work` again while concurrent transactions prevent it, at most ``PostgresInbox/mostRuns`` times.
func repeated<R>(_ work: () async throws -> R) async throws -> R {
    var run = 1
    while true {
        do {
            return try await work()
        } catch let error as PostgresError where error.code == .serialization && run < PostgresInbox.mostRuns
        {
            run += 1
            // At random, so that two transactions that stopped each other do not do so again.
            try await Task.sleep(for: .milliseconds(Int.random(in: 5...50)))
        }
    }
}
