// SPDX-License-Identifier: Apache-2.0

/// How often a loop polls for the commits of other processes.
///
/// A relay reads until a page is not full, then waits for a wake-up. If another process commits all the time, the next
/// rows are there soon, and polling is all that finds them.
package struct PollPace: Sendable {
    private let idle: Duration
    private let busy: Duration
    private var wakesBefore = 0

    /// - Parameters:
    ///   - idle: the time between two polls.
    ///   - busy: the time after a poll that found commits of another process.
    package init(idle: Duration, busy: Duration) {
        self.idle = idle
        self.busy = busy
    }

    /// The time until the next poll.
    ///
    /// - Parameters:
    ///   - hasFound: whether the poll found a commit.
    ///   - wakes: how often this process was woken by now, without this poll.
    package mutating func pause(hasFound: Bool, wakes: Int) -> Duration {
        let wasWoken = wakes != wakesBefore
        // This poll wakes it once.
        wakesBefore = wakes + (hasFound ? 1 : 0)
        // A commit of this process has woken it already, so that the poll may have found just that one.
        return hasFound && !wasWoken ? busy : idle
    }
}
