// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics
import Testing

@Suite struct TimingComparisonTests {
    private let times = (1...200).map(Double.init)

    @Test func `equal series cannot be distinguished`() {
        let comparison = TimingComparison(times, times)
        #expect(!comparison.isDistinguishable)
        #expect(comparison.difference == 0)
        #expect(comparison.t == 0)
    }

    @Test func `a shifted series is distinguished`() {
        let comparison = TimingComparison(times.map { $0 + 100 }, times)
        #expect(comparison.isDistinguishable)
        #expect(comparison.difference == 100)
        #expect(comparison.t > 0)
        #expect(comparison.z > 0)
    }
}
