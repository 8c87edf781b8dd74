// SPDX-License-Identifier: Apache-2.0

/// The configuration of the mail loop.
public struct MailLoopSettings: Sendable {
    /// How many mails are sent concurrently, from 1. With 1, mails are sent in the order in which they were queued. An
    /// SMTP transport needs as many connections.
    public var concurrency = 1
    /// When a failed mail is retried.
    public var retries = MailRetrySchedule()
    /// How long all mails pause after one transport failure, two in a row, and so on; the last value repeats. This
    /// way an
    /// unreachable server is not contacted once per pending mail.
    public var rests: [Duration] = [.seconds(5), .seconds(15), .seconds(30), .seconds(60)]
    /// How often the queue is polled when no wake-up arrives.
    public var sweep: Duration = .seconds(5)
    /// How long a mail in flight may still take at shutdown before it is interrupted.
    public var grace: Duration = .seconds(10)

    public init() {}
}
