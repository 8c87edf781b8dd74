// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics
import Testing

@Suite struct PairedComparisonTests {
    /// Ratios of 1.00, 1.01, … 1.08: the quartiles are 1.02 and 1.06, the median is 1.04.
    private let nine = PairedComparison(
        (100...108).map(Double.init), against: Array(repeating: 100, count: 9), by: .ratio)

    @Test func `a ratio is computed for each pair, not of the medians`() {
        // The machine was ten times slower during the second pair; the ratio is the same.
        let comparison = PairedComparison([90, 9, 900], against: [100, 10, 1000], by: .ratio)
        #expect(comparison.values == [0.9, 0.9, 0.9])
        #expect(comparison.median == 0.9)
    }

    @Test func `a difference is computed for each pair`() {
        let comparison = PairedComparison([5, 7, 9], against: [4, 4, 4], by: .difference)
        #expect(comparison.values == [1, 3, 5])
        #expect(comparison.median == 3)
    }

    @Test func `a value without a partner is ignored`() {
        #expect(PairedComparison([1, 2, 3], against: [1, 1], by: .ratio).values == [1, 2])
    }

    @Test func `the interquartile range of nine pairs`() {
        #expect(nine.lowerQuartile == 1.02)
        #expect(nine.median == 1.04)
        #expect(nine.upperQuartile == 1.06)
    }

    @Test func `a goal is reached if the whole range is on its side of the threshold`() {
        #expect(nine.verdict(.atLeast(1.01)) == .reached)
        #expect(nine.verdict(.atMost(1.07)) == .reached)
    }

    @Test func `a goal is missed if the whole range is on the other side`() {
        #expect(nine.verdict(.atLeast(1.07)) == .missed)
        #expect(nine.verdict(.atMost(1.01)) == .missed)
    }

    @Test func `a range that spans the threshold is undecided`() {
        #expect(nine.verdict(.atLeast(1.04)) == .undecided)
        #expect(nine.verdict(.atMost(1.04)) == .undecided)
        #expect(nine.verdict(.atLeast(1.06)) == .undecided)
        #expect(nine.verdict(.atMost(1.02)) == .undecided)
    }

    @Test func `a range that ends at the threshold reaches the goal`() {
        #expect(nine.verdict(.atLeast(1.02)) == .reached)
        #expect(nine.verdict(.atMost(1.06)) == .reached)
    }

    @Test func `no pairs and a reference of zero are undecided`() {
        let none = PairedComparison([], against: [], by: .ratio)
        #expect(none.verdict(.atLeast(1)) == .undecided)
        let undefined = PairedComparison([0, 0], against: [0, 0], by: .ratio)
        #expect(undefined.verdict(.atMost(1)) == .undecided)
    }

    @Test func `a single pair is undecided`() {
        #expect(PairedComparison([2], against: [1], by: .ratio).verdict(.atLeast(1)) == .undecided)
    }

    @Test func `fewer than nine pairs are provisional`() {
        #expect(!nine.isProvisional)
        #expect(PairedComparison([1, 1, 1], against: [1, 1, 1], by: .ratio).isProvisional)
    }

    @Test(arguments: [(1, 9), (3, 9), (9, 19), (19, 39)])
    func `an undecided result asks for about twice as many pairs, and an odd number`(pairs: Int, more: Int) {
        #expect(PairedComparison.morePairs(than: pairs) == more)
    }
}
