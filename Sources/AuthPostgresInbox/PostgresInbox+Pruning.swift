// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
public import Foundation

/// The redelivered messages that handlers have started to handle, and the deletion of old rows.
extension PostgresInbox {
    public func noteBegun(handler: String, messageID: UUID, at time: Date) async throws {
        try await ready()
        try await repeated {
            try await pool.run { connection in
                _ = try connection.query(
                    .noteBegun, [.uuid(messageID), .text(handler), .int(time.milliseconds)])
            }
        }
    }

    public func begun(messageID: UUID) async throws -> [String]? {
        try await ready()
        return try await pool.run { connection in
            try connection.query(.begun, [.uuid(messageID)]).map { try $0.text(0) }
        }
    }

    /// Deletes marks and records that are older than `time`, in small batches. If a worker of another host does the same
    /// at that moment, nothing is deleted.
    ///
    /// - Returns: The number of deleted marks.
    public func prune(before time: Date) async throws -> Int {
        try await ready()
        var count = 0
        var batch = Self.pruneBatch
        while batch == Self.pruneBatch {
            guard let deleted = try await pruneMarks(before: time) else { return count }
            batch = deleted
            count += batch
            try Task.checkCancellation()
        }
        try await repeated {
            try await pool.transaction(isolation: .readCommitted) { connection in
                guard try Self.lockPruning(connection) else { return }
                try connection.query(.pruneBegun, [.int(time.milliseconds)])
                try Self.pruneWork(before: time, connection)
            }
        }
        return count
    }

    /// Deletes a batch of marks.
    ///
    /// - Returns: The number of marks; nil if another process is pruning.
    private func pruneMarks(before time: Date) async throws -> Int? {
        try await repeated {
            try await pool.transaction(isolation: .readCommitted) { connection in
                guard try Self.lockPruning(connection) else { return nil }
                return try connection.query(
                    .pruneMarks, [.int(time.milliseconds), .int(Int64(Self.pruneBatch))]
                ).affected
            }
        }
    }

    /// Whether this transaction is the only one that prunes.
    private static func lockPruning(_ connection: PostgresConnection) throws -> Bool {
        try connection.query(.lockPruning).first?.bool(0) == true
    }

    private static let pruneBatch = 1000
}

extension PostgresStatement {
    fileprivate static let noteBegun: PostgresStatement = """
        INSERT INTO auth_inbox_begun (message_id, handler, begun_at) VALUES ($1, $2, $3)
        ON CONFLICT (message_id, handler) DO UPDATE SET begun_at = excluded.begun_at
        """

    fileprivate static let begun: PostgresStatement =
        "SELECT handler FROM auth_inbox_begun WHERE message_id = $1 ORDER BY handler"

    // The table's oid as the first key keeps the inboxes of two schemas of one database apart.
    fileprivate static let lockPruning: PostgresStatement =
        "SELECT pg_try_advisory_xact_lock('auth_inbox'::regclass::oid::int, 3)"

    // By physical position: a join with a limited subquery would read the whole table. A mark is never updated.
    fileprivate static let pruneMarks: PostgresStatement = """
        DELETE FROM auth_inbox WHERE ctid = ANY (ARRAY(
            SELECT ctid FROM auth_inbox WHERE done_at < $1 ORDER BY done_at LIMIT $2
        ))
        """

    fileprivate static let pruneBegun: PostgresStatement = "DELETE FROM auth_inbox_begun WHERE begun_at < $1"
}
