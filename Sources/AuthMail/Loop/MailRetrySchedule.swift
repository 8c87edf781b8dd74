// SPDX-License-Identifier: Apache-2.0
import AuthFlows
public import Foundation

/// When a mail that could not be handed over is tried again: soon at first, then every hour, and not for
/// ever.
public struct MailRetrySchedule: Hashable, Sendable {
    /// The waits after the first failures, in seconds.
    public var first: [TimeInterval] = [5, 15, 60, 300, 900]
    /// The wait after each later one, in seconds. No wait is above ``AuthFlows/QueuedMail/longestWait``, which a queue
    /// takes for the work of a wrong clock.
    public var then: TimeInterval = 3600
    /// How long after it was queued a mail is given up, in seconds: three days. What it carries has expired
    /// by then.
    public var limit: TimeInterval = 3 * 86_400

    public init() {}

    /// When to try again; nil to give up.
    ///
    /// - Parameters:
    ///   - failures: how often the mail has failed, this time included; from 1.
    ///   - queuedAt: when it was queued.
    ///   - now: when it failed.
    public func next(afterFailures failures: Int, queuedAt: Date, now: Date) -> Date? {
        let wait = min(failures <= first.count ? first[max(0, failures - 1)] : then, QueuedMail.longestWait)
        let next = now.addingTimeInterval(wait)
        // A mail that was tried a few times only looks old to a clock that has jumped.
        return next.timeIntervalSince(queuedAt) > limit && failures > first.count ? nil : next
    }
}
