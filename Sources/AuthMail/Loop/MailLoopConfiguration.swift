// SPDX-License-Identifier: Apache-2.0

/// How the mail loop goes about its work.
public struct MailLoopConfiguration: Sendable {
    /// How many mails are handed over at a time, from 1. With 1, mails go out in the order in which they were
    /// queued; an SMTP transport needs as many connections.
    public var concurrency = 1
    /// When a mail that failed is tried again.
    public var retries = MailRetrySchedule()
    /// How long all mails rest after the transport failed once, twice, and so on; the last one goes on. So a
    /// dead server is not asked once for every mail that waits.
    public var rests: [Duration] = [.seconds(5), .seconds(15), .seconds(30), .seconds(60)]
    /// How often the queue is looked at without being told to.
    public var sweep: Duration = .seconds(5)
    /// How long, at shutdown, a mail that is being handed over may still take before it is interrupted.
    public var grace: Duration = .seconds(10)

    public init() {}
}
