// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation
import GRDB

extension SQLiteStore {
    public func pausedSince() async throws -> Date? {
        try await read { (reading: SQLiteReading) in
            let paused: Int64? = try reading.database.value("SELECT paused_at FROM auth_outbox_count")
            return paused.map(Date.init(milliseconds:))
        }
    }

    /// Stops the relaying: whichever process relays sends nothing more within a second, until
    /// ``resumeOutbox()``. It lasts through restarts; flows go on, and what they emit waits.
    ///
    /// - Returns: since when it is paused, which may be longer.
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

    /// Lets the relaying go on.
    public func resumeOutbox() async throws {
        _ = try await write { transaction in
            try transaction.database.run("UPDATE auth_outbox_count SET paused_at = NULL", [])
        }
    }
}
