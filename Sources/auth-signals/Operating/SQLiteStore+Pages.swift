// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore

extension SQLiteStore {
    /// Goes through all rows that are meant, in order, without holding all of them.
    func forEachPage(
        of filter: OutboxFilter, _ body: ([OutboxRecord]) async throws -> Void
    ) async throws {
        var after = Int64(0)
        while true {
            let records = try await outboxRecords(filter, after: after, limit: 500)
            guard let last = records.last else { return }
            try await body(records)
            after = last.row.sequence
        }
    }
}
