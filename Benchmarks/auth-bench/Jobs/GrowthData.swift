// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB

/// Generated accounts, each with a verified address and a session, in a SQLite store. All values follow from the
/// account's number, so that every process can compute them.
///
/// Ids are UUIDs of version 7, a minute apart, as if accounts were created at a steady rate; addresses and token hashes
/// are in random order, as real ones are.
struct GrowthData {
    let number: Int

    var userID: UUID { id(1) }
    var tokenHash: Data {
        var hash = Data()
        for part in 0..<4 {
            withUnsafeBytes(of: Self.mixed(number, 10 + part)) { hash.append(contentsOf: $0) }
        }
        return hash
    }
    var email: String { "\(String(Self.mixed(number, 2), radix: 36))@example.org" }

    private static let start: Int64 = 1_700_000_000_000
    private var time: Int64 { Self.start + Int64(number) * 60_000 }

    /// An id of version 7 for the account's time; `kind` distinguishes its rows.
    private func id(_ kind: Int) -> UUID {
        let time = UInt64(bitPattern: time)
        let random = Self.mixed(number, 20 + kind)
        func byte(_ value: UInt64, _ shift: UInt64) -> UInt8 { UInt8(truncatingIfNeeded: value >> shift) }
        return UUID(
            uuid: (
                byte(time, 40), byte(time, 32), byte(time, 24), byte(time, 16), byte(time, 8), byte(time, 0),
                0x70 | UInt8(kind & 15), byte(random, 0), 0x80, byte(random, 8), byte(random, 16),
                byte(random, 24), byte(random, 32), byte(random, 40), byte(random, 48), byte(random, 56)
            ))
    }

    /// A number that looks random (SplitMix64).
    static func mixed(_ number: Int, _ salt: Int) -> UInt64 {
        var value = UInt64(truncatingIfNeeded: number) &* 64 &+ UInt64(truncatingIfNeeded: salt)
        value = (value &+ 1) &* 0x9E37_79B9_7F4A_7C15
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    // MARK: The file

    /// Creates the store with `job.accounts` accounts, in one transaction.
    static func fill(_ job: Job) async throws -> Outcome {
        // Only the last connection can switch the log off.
        try (await RelayJobs.store(job) as? SQLiteStore)?.database.close()
        let sessions = SealedSessionState(keys: RelayJobs.keys, logger: .silent)
        let queue = try DatabaseQueue(path: job.outboxPath)
        try await queue.writeWithoutTransaction { database in
            // Enough cache for the indexes in random order, and no log: the file is not used before this is complete.
            try database.execute(sql: "PRAGMA cache_size = -400000; PRAGMA synchronous = OFF")
            _ = try String.fetchOne(database, sql: "PRAGMA journal_mode = OFF")
            try database.inTransaction {
                for number in 0..<job.accounts {
                    try GrowthData(number: number).insert(in: database, sessions)
                }
                return .commit
            }
        }
        return Outcome()
    }

    private func insert(in database: Database, _ sessions: SealedSessionState) throws {
        try database.cachedStatement(
            sql: """
                INSERT INTO auth_user (id, is_active, date_joined, last_login, password_hash)
                VALUES (?, 1, ?, ?, ?)
                """
        ).execute(arguments: [userID, time, time, String(repeating: "x", count: 120)])
        try database.cachedStatement(
            sql: """
                INSERT INTO auth_email_address (id, user_id, email, email_key, verified, is_primary)
                VALUES (?, ?, ?, ?, 1, 1)
                """
        ).execute(arguments: [id(2), userID, email, email])
        // Sessions that do not expire during the measurement.
        let state = try sessions.seal(SessionState(), of: id(3))
        try database.cachedStatement(
            sql: """
                INSERT INTO auth_session
                    (id, token_hash, user_id, client, created_at, expires_at, last_seen_at, ip, user_agent, state)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: [
            id(3), tokenHash, userID, SignalRequest.Client.app.rawValue, time, time + 315_360_000_000, time,
            "192.0.2.1", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", state,
        ])
    }

    /// Deletes the rows that earlier measurements added.
    static func reset(_ job: Job) async throws -> Outcome {
        let queue = try DatabaseQueue(path: job.outboxPath)
        try await queue.write { database in
            for table in ["auth_session", "auth_email_address", "auth_user"] {
                try database.execute(
                    sql: "DELETE FROM \(table) WHERE position > ?", arguments: [job.accounts])
            }
            try database.execute(sql: "DELETE FROM auth_outbox; DELETE FROM auth_outbox_history")
        }
        try queue.close()
        if job.growth == .relay {
            var fill = job
            fill.kind = .fill
            _ = try await RelayJobs.fill(fill)
        }
        return Outcome()
    }
}
