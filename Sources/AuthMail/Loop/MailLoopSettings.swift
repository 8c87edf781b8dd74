// SPDX-License-Identifier: Apache-2.0
import AuthFlows
public import Foundation

/// The configuration of the mail loop.
public struct MailLoopSettings: Sendable {
    /// How many mails are sent concurrently, from 1. With 1, mails are sent in the order in which they were queued. An
    /// SMTP transport needs as many connections.
    public var concurrency = 1
    /// When a failed mail is retried.
    public var retries = MailRetrySchedule()
    /// How long all mails pause after one transport failure, two in a row, and so on; the last value repeats. This
    /// way an unreachable server is not contacted once per pending mail.
    public var rests: [Duration] = [.seconds(5), .seconds(15), .seconds(30), .seconds(60)]
    /// How often the queue is polled when no wake-up arrives.
    public var sweep: Duration = .seconds(5)
    /// How long a mail in flight may still take at shutdown before it is interrupted.
    public var grace: Duration = .seconds(10)

    public init() {}
}

/// When a mail that could not be sent is retried: soon at first, then every hour, until a limit.
public struct MailRetrySchedule: Hashable, Sendable {
    /// The delays after the first failures, in seconds.
    public var first: [TimeInterval] = [5, 15, 60, 300, 900]
    /// The delay after each later failure, in seconds. A delay is at most `QueuedMail.longestWait`: a queue
    /// assumes that a longer one comes from a wrong clock.
    public var then: TimeInterval = 3600
    /// How long a mail may stay in the queue before it fails permanently, in seconds: three days. The link or code in
    /// it has expired by then.
    public var limit: TimeInterval = 3 * 86_400

    public init() {}

    /// When to retry; nil if the mail has failed permanently.
    ///
    /// - Parameters:
    ///   - failures: how often the mail has failed, including this time; from 1.
    ///   - queuedAt: when it was queued.
    ///   - now: when it failed.
    public func next(afterFailures failures: Int, queuedAt: Date, now: Date) -> Date? {
        let wait = min(failures <= first.count ? first[max(0, failures - 1)] : then, QueuedMail.longestWait)
        let next = now.addingTimeInterval(wait)
        // After a clock jump a mail can look old although it was tried only a few times.
        return next.timeIntervalSince(queuedAt) > limit && failures > first.count ? nil : next
    }
}
