// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
import AuthStore
import Foundation

extension PostgresStore {
    /// Makes a store usable that was restored from a backup, before anything writes to it: the next sequence numbers are
    /// higher than all that the lost database may have assigned.
    ///
    /// Call it after a restore from a dump, after a recovery to a point in time, and after an asynchronous standby was
    /// promoted: in each case commits are missing whose numbers subscribers may have seen. A synchronous standby has all
    /// of them.
    ///
    /// Rows that were pending in the backup are published again with their ids. Those that had no number then get a
    /// new one, so a subscriber may see one id with two numbers.
    ///
    /// Numbers continue at the microseconds since 1970, which is higher than any number before, as long as a store emits
    /// less than a million signals per second. Further calls do no harm.
    ///
    /// - Returns: the sequence number after which the store continues.
    /// - Throws: `StoreError`: `unsuitable` if this host's clock is wrong, …
    public func continueAfterRestore() async throws -> Int64 {
        let now = clock.now().milliseconds
        let start = now.multipliedReportingOverflow(by: 1000)
        guard !start.overflow, start.partialValue > 0 else {
            throw StoreError(.unsuitable, "this host's clock is wrong: set it, and try again")
        }
        return try await outboxTransaction { connection in
            connection.later(.lockNumbers)
            guard
                let row = try connection.query(.skipNumbers, [.int(start.partialValue), .int(now)]).first
            else { throw StoreError.missingOutboxCount }
            return try row.int(0)
        }
    }
}

extension PostgresStatement {
    fileprivate static let skipNumbers: PostgresStatement = """
        UPDATE auth_outbox_count
        SET skipped = skipped + greatest(0, $1 - last_sequence), last_sequence = greatest(last_sequence, $1),
            restored_at = $2
        RETURNING last_sequence
        """
}
