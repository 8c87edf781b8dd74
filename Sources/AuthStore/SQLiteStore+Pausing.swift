// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

extension SQLiteStore {
    public func pausedSince() async throws -> Date? {
        try await read { (reading: SQLiteReading) in
            let paused: Int64? = try reading.database.value("SELECT paused_at FROM auth_outbox_count")
            return paused.map(Date.init(milliseconds:))
        }
    }

    /// Pauses the relay: within a second, the process that holds the relay lease stops publishing, until
    /// ``resumeOutbox()``. The pause survives restarts. Flows continue, and their signals stay pending.
    ///
    /// - Returns: since when the outbox is paused, which may be earlier than this call.
    @discardableResult
    public func pauseOutbox() async throws -> Date {
        let now = clock.now().milliseconds
        return try await write { transaction in
            try transaction.database.run(
                "UPDATE auth_outbox_count SET paused_at = coalesce(paused_at, ?)", [now])
            let since: Int64? = try transaction.database.value("SELECT paused_at FROM auth_outbox_count")
            return Date(milliseconds: since ?? now)
        }
    }

    /// Resumes the relay.
    public func resumeOutbox() async throws {
        _ = try await write { transaction in
            try transaction.database.run("UPDATE auth_outbox_count SET paused_at = NULL", [])
        }
    }
}
