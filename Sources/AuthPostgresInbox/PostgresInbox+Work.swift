// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
public import AuthSignals
public import Foundation

extension PostgresInbox: OperatedInbox {
    public func register(
        _ handlers: SignalHandlers, boundTo patterns: [SignalPattern], on queue: String, at time: Date
    ) async throws {
        try await ready()
        let wanted = InboxWork.keys(of: handlers, boundTo: patterns)
        try await repeated {
            try await pool.transaction(isolation: .readCommitted) { connection in
                // Workers of one queue that start together register once.
                try connection.query(.lockWork)
                let known = try connection.query(.activeWork, [.text(queue)]).compactMap { row in
                    InboxWork.Key(kind: try row.text(0), name: try row.text(1), pattern: try row.text(2))
                }
                for key in known where !wanted.contains(key) {
                    try connection.query(.endWork, Self.values(queue, key, time))
                }
                for key in wanted where !known.contains(key) {
                    try connection.query(.startWork, Self.values(queue, key, time))
                }
            }
        }
    }

    private static func values(_ queue: String, _ key: InboxWork.Key, _ time: Date) -> [PostgresValue] {
        [
            .text(queue), .text(key.kind.rawValue), .text(key.name), .text(key.pattern),
            .int(time.milliseconds),
        ]
    }

    public func work() async throws -> InboxWork {
        try await ready()
        return try await pool.run { connection in
            InboxWork(
                entries: try connection.query(.allWork).compactMap { row in
                    guard
                        let key = InboxWork.Key(
                            kind: try row.text(1), name: try row.text(2), pattern: try row.text(3))
                    else { return nil }
                    return InboxWork.Entry(
                        queue: try row.text(0), key: key, since: Date(milliseconds: try row.int(4)),
                        until: try row.optionalInt(5).map(Date.init(milliseconds:)))
                })
        }
    }

    public func handlers() async throws -> [String] {
        try await ready()
        return try await pool.run { connection in
            try connection.query(.handlerNames).map { try $0.text(0) }
        }
    }

    public func unseen(of ids: [UUID], by handlers: [String]) async throws -> [UUID] {
        try await ready()
        return try await pool.run { connection in
            try connection.query(.unseen, [.uuids(ids), .texts(handlers)]).map { try $0.uuid(0) }
        }
    }

    /// Shortens the registered periods to after `time`, since earlier marks were deleted.
    static func pruneWork(before time: Date, _ connection: PostgresConnection) throws {
        try connection.query(.lockWork)
        try connection.query(.forgetWork, [.int(time.milliseconds)])
        try connection.query(.shortenWork, [.int(time.milliseconds)])
    }
}

extension PostgresStatement {
    // The table's oid as the first key keeps the inboxes of two schemas of one database apart.
    fileprivate static let lockWork: PostgresStatement =
        "SELECT pg_advisory_xact_lock('auth_inbox_work'::regclass::oid::int, 4)"

    fileprivate static let activeWork: PostgresStatement =
        "SELECT kind, name, pattern FROM auth_inbox_work WHERE queue = $1 AND until IS NULL"

    fileprivate static let endWork: PostgresStatement = """
        UPDATE auth_inbox_work SET until = $5
        WHERE queue = $1 AND kind = $2 AND name = $3 AND pattern = $4 AND until IS NULL
        """

    // A row with the same time was ended at the moment at which the handler is back.
    fileprivate static let startWork: PostgresStatement = """
        INSERT INTO auth_inbox_work (queue, kind, name, pattern, since) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (queue, kind, name, pattern, since) DO UPDATE SET until = NULL
        """

    fileprivate static let allWork: PostgresStatement =
        "SELECT queue, kind, name, pattern, since, until FROM auth_inbox_work"

    fileprivate static let forgetWork: PostgresStatement = "DELETE FROM auth_inbox_work WHERE until < $1"

    // Periods of one handler that would begin at the same time become one.
    fileprivate static let shortenWork: PostgresStatement = """
        WITH old AS (
            DELETE FROM auth_inbox_work WHERE since < $1 RETURNING queue, kind, name, pattern, until
        )
        INSERT INTO auth_inbox_work (queue, kind, name, pattern, since, until)
        SELECT queue, kind, name, pattern, $1, CASE WHEN bool_or(until IS NULL) THEN NULL ELSE max(until) END
        FROM old GROUP BY queue, kind, name, pattern
        ON CONFLICT (queue, kind, name, pattern, since) DO NOTHING
        """

    // A loose index scan: skips from one name to the next without reading all marks.
    fileprivate static let handlerNames: PostgresStatement = """
        WITH RECURSIVE name(handler) AS (
            SELECT min(handler) FROM auth_inbox
            UNION ALL
            SELECT (SELECT min(handler) FROM auth_inbox WHERE handler > name.handler) FROM name
            WHERE name.handler IS NOT NULL
        ) SELECT handler FROM name WHERE handler IS NOT NULL
        """

    fileprivate static let unseen: PostgresStatement = """
        SELECT m.id FROM unnest($1::uuid[]) WITH ORDINALITY AS m(id, position)
        WHERE NOT EXISTS (
            SELECT FROM auth_inbox WHERE handler = ANY ($2::text[]) AND message_id = m.id
        )
        ORDER BY m.position
        """
}
