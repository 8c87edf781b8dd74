// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Synchronization
import Testing

@Suite struct PendingAgeTests {
    private let start = Date(timeIntervalSince1970: 1_795_420_800)

    @Test func `the age counts from the time of the oldest row`() {
        let age = PendingAge()
        #expect(age.seconds(of: nil, at: start) == 0)
        #expect(age.seconds(of: start - 30, at: start) == 30)
        #expect(age.seconds(of: start - 30, at: start + 10) == 40)
        #expect(age.seconds(of: start + 10, at: start + 15) == 5)
        #expect(age.seconds(of: nil, at: start + 20) == 0)
    }

    @Test func `a row with a future time ages from when it was first seen`() {
        let uptime = Uptime()
        let age = PendingAge { uptime.value }
        let ahead = start + 86_400
        #expect(age.seconds(of: ahead, at: start) == 0)
        uptime.value = .seconds(300)
        #expect(age.seconds(of: ahead, at: start + 300) == 300)
        // Another row is seen for the first time.
        #expect(age.seconds(of: ahead + 1, at: start + 300) == 0)
        uptime.value = .seconds(360)
        #expect(age.seconds(of: ahead + 1, at: start + 360) == 60)
    }

    @Test func `a clock that is behind for a moment neither stops nor raises the age`() {
        let uptime = Uptime()
        let age = PendingAge { uptime.value }
        #expect(age.seconds(of: start, at: start + 10) == 10)
        uptime.value = .seconds(20)
        #expect(age.seconds(of: start, at: start - 86_400) == 20)
        uptime.value = .seconds(30)
        #expect(age.seconds(of: start, at: start + 40) == 40)
    }
}

/// A clock that a test sets.
private final class Uptime: Sendable {
    private let stored = Mutex(Duration.zero)
    var value: Duration {
        get { stored.withLock { $0 } }
        set { stored.withLock { $0 = newValue } }
    }
}

@Suite struct ClockJumpCheckTests {
    private let start = Date(timeIntervalSince1970: 1_795_420_800)
    private let day: TimeInterval = 86_400

    /// Whether runs at these times are accepted. The times are in days from the start.
    private func answers(_ days: Double...) -> [Bool] {
        var check = ClockJumpCheck()
        return days.map { check.accepts(start + $0 * day) }
    }

    @Test func `accepts a step of at most a day`() {
        #expect(answers(0, 0.001, 1, 2, 2) == [true, true, true, true, true])
    }

    @Test func `accepts a longer step when the next run confirms it`() {
        #expect(answers(0, 3, 3.001, 3.002) == [true, false, true, true])
        #expect(answers(0, 3, 3) == [true, false, true])
    }

    @Test func `does not accept a reverted step, and needs confirmation for the next one`() {
        #expect(answers(0, 3, 0.001, 3, 0.002) == [true, false, true, false, true])
    }

    @Test func `accepts a step back, which deletes nothing too early`() {
        #expect(answers(5, 0, 0.5) == [true, true, true])
    }

    @Test func `a second step does not confirm the first`() {
        #expect(answers(0, 3, 6, 9, 9.5) == [true, false, false, false, true])
    }
}
