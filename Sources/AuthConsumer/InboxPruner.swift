// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging

/// Deletes the old marks of an inbox from time to time.
struct InboxPruner: Sendable {
    private let inbox: any Inbox
    private let settings: DispatcherSettings
    private let clock: any WallClock
    private let logger: Logger

    init(of inbox: any Inbox, settings: DispatcherSettings, clock: any WallClock, logger: Logger) {
        self.inbox = inbox
        self.settings = settings
        self.clock = clock
        self.logger = logger
    }

    /// Prunes at once and then after each ``DispatcherSettings/pruneInterval``, until it is cancelled. A failure is
    /// logged, and the next pruning tries again.
    func run() async {
        var check = ClockJumpCheck()
        while !Task.isCancelled {
            let retention = settings.inboxRetention / .seconds(1)
            do {
                let now = clock.now()
                if check.accepts(now) {
                    let count = try await inbox.prune(before: now.addingTimeInterval(-retention))
                    if count > 0 { logger.debug("inbox pruned", metadata: ["count": "\(count)"]) }
                } else {
                    logger.warning(
                        """
                        clock is more than a day ahead of the last inbox pruning; nothing is deleted until the next \
                        pruning confirms it
                        """,
                        metadata: ["clock": "\(now.wireText)"])
                }
            } catch {
                logger.warning("inbox pruning failed", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: settings.pruneInterval)
        }
    }
}
