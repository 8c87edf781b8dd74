// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthRelay

@Suite struct EmissionsTests {
    @Test func `signals emitted before the first look are not counted`() {
        let emissions = Emissions()
        #expect(emissions.growth(to: 5) == 0)
        #expect(emissions.growth(to: 7) == 2)
        #expect(emissions.growth(to: 6) == 0)
        #expect(emissions.growth(to: 8) == 1)
    }

    @Test(arguments: [(Int.max, Int.min), (.min, .max), (Int.max - 7, .min + 3), (-2, .max)])
    func `numbers that are too far apart to subtract count nothing`(first: Int, second: Int) {
        let emissions = Emissions()
        #expect(emissions.growth(to: first) == 0)
        #expect(emissions.growth(to: second) == 0)
    }
}
