// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
import Foundation
import Logging
import Synchronization

/// Logs a warning if mails are pending and no process delivers them, which an application without a `MailLoop` would
/// not notice otherwise.
final class UnattendedMails: Sendable {
    private let pool: PostgresPool
    private let clock: any WallClock
    private let warningDelay: Duration
    private let logger: Logger
    private let isWatching = Mutex(false)

    /// - Parameter warningDelay: how long mails may be pending while no mail loop runs.
    init(in pool: PostgresPool, clock: any WallClock, warningDelay: Duration, logger: Logger) {
        self.pool = pool
        self.clock = clock
        self.warningDelay = warningDelay
        self.logger = logger
    }

    /// Starts watching after a mail was queued.
    func watch() {
        let isFirst = isWatching.withLock { isWatching in
            defer { isWatching = true }
            return !isWatching
        }
        guard isFirst else { return }
        Task.detached { [weak self, warningDelay] in
            // Does not delay the application's exit: the task holds no strong reference while it sleeps.
            repeat { try? await Task.sleep(for: warningDelay) } while await self?.warnIfUnattended() == true
        }
    }

    /// - Returns: whether mails are still pending.
    private func warnIfUnattended() async -> Bool {
        let waiting = try? await pool.run { connection -> (count: Int64, oldest: Date, isAttended: Bool)? in
            guard let row = try connection.query(.unattendedMails).first,
                let oldest = try row.optionalTime(1)
            else { return nil }
            return (try row.int(0), oldest, try row.bool(2))
        }
        guard let waiting = waiting ?? nil else {
            isWatching.withLock { $0 = false }
            return false
        }
        let age = clock.now().timeIntervalSince(waiting.oldest)
        if age >= warningDelay / .seconds(1), !waiting.isAttended {
            logger.warning(
                "mails pending, but no process delivers them: run AuthServices, a MailLoop or `auth-signals mail run`",
                metadata: ["mails": "\(waiting.count)", "oldest_seconds": "\(Int64(saturating: age))"])
        }
        return true
    }
}

extension PostgresStatement {
    // A mail loop on any host holds the mail lease, which is the session advisory lock `PostgresLock.mail`.
    fileprivate static let unattendedMails: PostgresStatement = """
        SELECT count(*), min(queued_at), EXISTS (
            SELECT FROM pg_locks
            WHERE locktype = 'advisory' AND granted AND classid = 'auth_mail'::regclass AND objid = 1
                AND objsubid = 2
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))
        FROM auth_mail WHERE failed_at IS NULL
        """
}
