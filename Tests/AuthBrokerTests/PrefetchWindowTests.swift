// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthBroker

@Suite struct PrefetchWindowTests {
    @Test func `doubles after as many acknowledgements as its size, up to its limit`() {
        var window = PrefetchWindow(first: 1, most: 10)
        var sizes = [window.size]
        for _ in 0..<100 {
            window.acknowledge()
            if window.isDue {
                window.widen()
                sizes.append(window.size)
            }
        }
        #expect(sizes == [1, 2, 4, 8, 10])
    }

    /// Each process acknowledges `handledEach` messages, prefetches as many as its window then allows, and crashes.
    @Test(arguments: [(1, 200), (3, 200), (10, 64), (1, 16)])
    func `an unhandled message is returned only a few times, however often the process crashes`(
        _ handledEach: Int, _ most: Int
    ) {
        var returns: [Int: Int] = [:]
        var front = 0
        for _ in 0..<200 {
            var window = PrefetchWindow(first: 1, most: most)
            for _ in 0..<handledEach {
                front += 1
                window.acknowledge()
                if window.isDue { window.widen() }
            }
            for message in front..<front + window.size { returns[message, default: 0] += 1 }
        }
        #expect((returns.values.max() ?? 0) <= 4)
    }

    @Test func `after a reduction it does not grow before everything returned was acknowledged`() {
        var window = PrefetchWindow(first: 16, most: 64)
        for _ in 0..<16 { window.acknowledge() }
        #expect(window.isDue)
        window.narrow(to: 2, unhandled: 10)
        #expect(window.size == 2)
        for _ in 0..<11 { window.acknowledge() }
        #expect(!window.isDue)
        window.acknowledge()
        #expect(window.isDue)
        window.stay()
        #expect(window.size == 2)
        #expect(!window.isDue)
        for _ in 0..<2 { window.acknowledge() }
        window.widen()
        #expect(window.size == 4)
    }

    @Test func `a reduction never enlarges it, and leaves at least 1`() {
        var window = PrefetchWindow(first: 4, most: 64)
        window.narrow(to: 5, unhandled: 0)
        #expect(window.size == 4)
        window.narrow(to: 0, unhandled: 0)
        #expect(window.size == 1)
    }

    @Test func `is at least 1 and never exceeds its limit`() {
        #expect(PrefetchWindow(first: 32, most: 8).size == 8)
        #expect(PrefetchWindow(first: 0, most: 0).size == 1)
        #expect(!PrefetchWindow(first: 8, most: 8).isDue)
    }
}
