// SPDX-License-Identifier: Apache-2.0
import AuthStore
import Testing

@Suite("The pace of polling for commits of other processes")
struct PollPaceTests {
    private let idle = Duration.milliseconds(50)
    private let busy = Duration.milliseconds(10)

    @Test func `after a commit of another process the next poll is soon`() {
        var pace = PollPace(idle: idle, busy: busy)
        #expect(pace.pause(hasFound: false, wakes: 0) == idle)
        #expect(pace.pause(hasFound: true, wakes: 0) == busy)
        // The poll itself has woken the loop.
        #expect(pace.pause(hasFound: true, wakes: 1) == busy)
        #expect(pace.pause(hasFound: false, wakes: 2) == idle)
    }

    @Test func `commits of this process, which wake the loop themselves, do not make it poll more often`() {
        var pace = PollPace(idle: idle, busy: busy)
        #expect(pace.pause(hasFound: true, wakes: 3) == idle)
        #expect(pace.pause(hasFound: true, wakes: 9) == idle)
        #expect(pace.pause(hasFound: false, wakes: 12) == idle)
    }
}
