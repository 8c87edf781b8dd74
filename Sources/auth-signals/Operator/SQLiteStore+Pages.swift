// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore

extension SQLiteStore {
    /// Calls `body` with all matching rows, in order and page by page, so that they need not fit into memory.
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
