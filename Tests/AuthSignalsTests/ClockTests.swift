// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Testing

@Suite struct PendingAgeTests {
    private let start = Date(timeIntervalSince1970: 1_795_420_800)

    @Test func `an age counts from the moment of the oldest thing`() {
        let age = PendingAge()
        #expect(age.seconds(of: nil, at: start) == 0)
        #expect(age.seconds(of: start - 30, at: start) == 30)
        #expect(age.seconds(of: start - 30, at: start + 10) == 40)
        #expect(age.seconds(of: start + 10, at: start + 15) == 5)
        #expect(age.seconds(of: nil, at: start + 20) == 0)
    }

    @Test func `what was written while the clock was ahead ages from the first sight`() {
        let age = PendingAge()
        let ahead = start + 86_400
        #expect(age.seconds(of: ahead, at: start) == 0)
        #expect(age.seconds(of: ahead, at: start + 300) == 300)
        // Another one is seen for the first time.
        #expect(age.seconds(of: ahead + 1, at: start + 400) == 0)
        #expect(age.seconds(of: ahead + 1, at: start + 460) == 60)
    }

    @Test func `it ages from the clock's return if it was seen before`() {
        let age = PendingAge()
        let ahead = start + 86_400
        #expect(age.seconds(of: ahead, at: ahead + 60) == 60)
        #expect(age.seconds(of: ahead, at: start) == 0)
        #expect(age.seconds(of: ahead, at: start + 90) == 90)
    }
}

@Suite struct ClockJumpCheckTests {
    private let start = Date(timeIntervalSince1970: 1_795_420_800)
    private let day: TimeInterval = 86_400

    /// What is said of runs at these times, in days from the start.
    private func answers(_ days: Double...) -> [Bool] {
        var check = ClockJumpCheck()
        return days.map { check.accepts(start + $0 * day) }
    }

    @Test func `steps of a day at most are believed`() {
        #expect(answers(0, 0.001, 1, 2, 2) == [true, true, true, true, true])
    }

    @Test func `a longer step is believed when the next run confirms it`() {
        #expect(answers(0, 3, 3.001, 3.002) == [true, false, true, true])
        #expect(answers(0, 3, 3) == [true, false, true])
    }

    @Test func `a step that is taken back is not believed, and the next one is doubted again`() {
        #expect(answers(0, 3, 0.001, 3, 0.002) == [true, false, true, false, true])
    }

    @Test func `a step back deletes nothing too early and is believed`() {
        #expect(answers(5, 0, 0.5) == [true, true, true])
    }

    @Test func `one step does not confirm another`() {
        #expect(answers(0, 3, 6, 9, 9.5) == [true, false, false, false, true])
    }
}
