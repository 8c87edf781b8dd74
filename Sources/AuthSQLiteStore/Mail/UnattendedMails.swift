// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB
import Logging
import SQLiteSupport
import Synchronization

/// Logs a warning if mails are pending and no process delivers them, which an application without a `MailLoop` would
/// not notice otherwise.
final class UnattendedMails: Sendable {
    private let database: any DatabaseReader
    private let lease: FileLock
    private let clock: any WallClock
    private let warningDelay: Duration
    private let logger: Logger
    private let isWatching = Mutex(false)

    /// - Parameters:
    ///   - lease: the lease that a mail loop holds while it runs.
    ///   - warningDelay: how long mails may be pending while no mail loop runs.
    init(
        in database: any DatabaseReader, lease: FileLock, clock: any WallClock, warningDelay: Duration,
        logger: Logger
    ) {
        self.database = database
        self.lease = lease
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
        let waiting = try? await database.read { database -> (count: Int, oldest: Int64)? in
            guard
                let row = try database.row(
                    "SELECT count(*) AS count, min(queued_at) AS oldest FROM auth_mail WHERE failed_at IS NULL"
                ), let oldest = row["oldest"] as Int64?
            else { return nil }
            return (row["count"], oldest)
        }
        guard let waiting = waiting ?? nil else {
            isWatching.withLock { $0 = false }
            return false
        }
        let age = clock.now().timeIntervalSince(Date(milliseconds: waiting.oldest))
        if age >= warningDelay / .seconds(1), !lease.isHeld {
            logger.warning(
                "mails pending, but no process delivers them: run AuthServices, a MailLoop or `auth-signals mail run`",
                metadata: ["mails": "\(waiting.count)", "oldest_seconds": "\(Int(age))"])
        }
        return true
    }
}
