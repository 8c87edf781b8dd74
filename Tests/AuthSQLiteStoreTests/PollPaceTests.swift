// SPDX-License-Identifier: Apache-2.0
import AuthStore
import Testing

@Suite("The pace of polling for commits of other processes")
struct PollPaceTests {
    private let long = Duration.milliseconds(50)
    private let short = Duration.milliseconds(10)

    @Test func `after a commit of another process the next poll is soon`() {
        var pace = PollPace(long: long, short: short)
        #expect(pace.pause(hasFound: false, wakes: 0) == long)
        #expect(pace.pause(hasFound: true, wakes: 0) == short)
        // The poll itself has woken the loop.
        #expect(pace.pause(hasFound: true, wakes: 1) == short)
        #expect(pace.pause(hasFound: false, wakes: 2) == long)
    }

    @Test func `commits of this process, which wake the loop themselves, do not make it poll more often`() {
        var pace = PollPace(long: long, short: short)
        #expect(pace.pause(hasFound: true, wakes: 3) == long)
        #expect(pace.pause(hasFound: true, wakes: 9) == long)
        #expect(pace.pause(hasFound: false, wakes: 12) == long)
    }
}
