// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

/// The state of the mail loop, for a status page.
public struct MailLoopStatus: Sendable, Codable {
    /// Whether this process delivers mails.
    public enum Phase: String, Sendable, Codable {
        /// Not running.
        case stopped
        /// Another process holds the mail lease and delivers; this one takes over when that one ends.
        case standby
        case delivering
        /// Starts no further mail, and finishes those in flight.
        case stopping
    }

    public var phase: Phase = .stopped
    /// The number of consecutive transport failures; 0 while the transport works.
    public var transportFailures = 0
    /// The last transport error, without an address; nil while the transport works.
    public var fault: String?
    /// The counts of the queue; nil until they were read.
    public var queue: MailStatus?
}
