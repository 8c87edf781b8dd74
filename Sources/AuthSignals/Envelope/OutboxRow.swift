// SPDX-License-Identifier: Apache-2.0

/// A committed signal that is pending: a row of the outbox.
public struct OutboxRow: Hashable, Sendable {
    /// Its position in commit order within the source: strictly increasing, with gaps.
    public var sequence: Int64
    public var draft: SignalDraft
    /// How often publishing it has failed.
    public var attempts: Int

    public init(sequence: Int64, draft: SignalDraft, attempts: Int = 0) {
        self.sequence = sequence
        self.draft = draft
        self.attempts = attempts
    }
}
