// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

/// What the mail loop is doing: for a status page.
public struct MailLoopStatus: Sendable, Codable {
    /// Whether this process is the one that delivers.
    public enum Role: String, Sendable, Codable {
        /// Not running.
        case stopped
        /// Another process delivers; this one takes over when that one ends.
        case standby
        case delivering
        /// Takes no further mail, and finishes what is in hand.
        case stopping
    }

    public var role: Role = .stopped
    /// How often in a row the transport has failed; 0 while it works.
    public var transportFailures = 0
    /// What was wrong the last time, without an address; nil while the transport works.
    public var fault: String?
    /// What waits; nil until it was counted.
    public var queue: MailStatus?
}
