// SPDX-License-Identifier: Apache-2.0

/// How many rows about one person were erased.
public struct OutboxErasure: Hashable, Sendable, Codable {
    /// Pending signals, which are not published any more.
    public var pending: Int
    /// Settled signals that were still kept.
    public var settled: Int
    /// Pending and failed mails.
    public var mails: Int
    /// Mails that could not be decrypted, because their key is not set: they may be about that person, too.
    public var sealedMails: Int

    package init(pending: Int, settled: Int, mails: Int, sealedMails: Int) {
        self.pending = pending
        self.settled = settled
        self.mails = mails
        self.sealedMails = sealedMails
    }
}
