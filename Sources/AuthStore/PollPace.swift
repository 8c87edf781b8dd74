// SPDX-License-Identifier: Apache-2.0

/// How often a loop polls for the commits of other processes.
///
/// A poll is followed by the short pause if it found a commit that must be another process's, since this process has not
/// woken the loop since the last poll; otherwise by the long pause. A process that commits itself wakes its loop at
/// once, and does not need frequent polls.
package struct PollPace: Sendable {
    private let long: Duration
    private let short: Duration
    private var wakesBefore = 0

    /// - Parameters:
    ///   - long: the pause after any other poll.
    ///   - short: the pause after a poll that found a commit of another process.
    package init(long: Duration, short: Duration) {
        self.long = long
        self.short = short
    }

    /// The time until the next poll.
    ///
    /// - Parameters:
    ///   - hasFound: whether this poll found a commit.
    ///   - wakes: how often the loop was woken, before this poll wakes it.
    package mutating func pause(hasFound: Bool, wakes: Int) -> Duration {
        let wasWoken = wakes != wakesBefore
        // If this poll found a commit, its caller wakes the loop once.
        wakesBefore = wakes + (hasFound ? 1 : 0)
        // If this process has also committed, the poll may have found only that commit.
        return hasFound && !wasWoken ? short : long
    }
}
