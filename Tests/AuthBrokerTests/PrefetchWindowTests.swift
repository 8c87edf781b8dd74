// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthBroker

@Suite struct PrefetchWindowTests {
    @Test func `it doubles each time as many were acknowledged as may be unsettled, up to its limit`() {
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

    /// Every process acknowledges some, takes what the window then allows, and dies.
    @Test(arguments: [(1, 200), (3, 200), (10, 64), (1, 16)])
    func `however often a process dies, no message is returned often that was not handled`(
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

    @Test func `it never exceeds its limit, and is at least 1`() {
        #expect(PrefetchWindow(first: 32, most: 8).size == 8)
        #expect(PrefetchWindow(first: 0, most: 0).size == 1)
        #expect(!PrefetchWindow(first: 8, most: 8).isDue)
    }
}
