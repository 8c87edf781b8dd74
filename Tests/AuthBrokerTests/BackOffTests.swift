// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthBroker

@Suite struct BackOffTests {
    @Test func `pauses double up to the maximum and start again after a reset`() {
        var backOff = BackOff(first: .milliseconds(100), longest: .milliseconds(700))
        let pauses = (0..<5).map { _ in backOff.pause(chance: 0) }
        #expect(pauses == [100, 200, 400, 700, 700].map { .milliseconds($0) })
        backOff.reset()
        #expect(backOff.pause(chance: 0) == .milliseconds(100))
    }

    @Test func `jitter shortens a pause by at most half`() {
        for _ in 0..<1000 {
            var backOff = BackOff(first: .milliseconds(100), longest: .seconds(1))
            let pause = backOff.pause()
            #expect(pause >= .milliseconds(50) && pause <= .milliseconds(100))
        }
        var backOff = BackOff(first: .milliseconds(100), longest: .seconds(1))
        #expect(backOff.pause(chance: 1) == .milliseconds(50))
    }
}
