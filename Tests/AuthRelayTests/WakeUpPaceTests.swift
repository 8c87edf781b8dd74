// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthRelay

@Suite("The pace of wake-ups")
struct WakeUpPaceTests {
    private struct Commits {
        private var pace = WakeUpPace()
        private var now = ContinuousClock.now
        private var rows = 0

        /// The pauses after wake-ups at a constant rate.
        ///
        /// - Parameter rows: how many rows each of them finds.
        mutating func pauses(after count: Int, every gap: Duration, rows: Int = 1) -> Set<Duration> {
            Set(
                (0..<count).map { _ in
                    now += gap
                    self.rows += rows
                    return pace.pause(rowsRead: self.rows, at: now)
                })
        }
    }

    @Test func `at 200 signals per second each is read at once`() {
        var commits = Commits()
        #expect(commits.pauses(after: 1000, every: .milliseconds(5)) == [.zero])
    }

    @Test func `the next read waits while more than 500 signals per second are committed`() {
        var commits = Commits()
        _ = commits.pauses(after: 60, every: .milliseconds(2), rows: 2)
        #expect(commits.pauses(after: 100, every: .milliseconds(10), rows: 10) == [.milliseconds(10)])
        _ = commits.pauses(after: 11, every: .milliseconds(10), rows: 1)
        #expect(commits.pauses(after: 100, every: .milliseconds(10), rows: 1) == [.zero])
    }

    @Test func `the first signal after a busy time is read at once`() {
        var commits = Commits()
        _ = commits.pauses(after: 200, every: .milliseconds(1))
        #expect(commits.pauses(after: 1, every: .seconds(3)) == [.zero])
    }
}
