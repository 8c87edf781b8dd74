// SPDX-License-Identifier: Apache-2.0
import BenchmarkStatistics
import Testing

@Suite struct QuantileTests {
    @Test func `the median of an odd number of values is the middle one`() {
        #expect([3.0, 1, 2].median == 2)
    }

    @Test func `the median of an even number of values lies between the two middle ones`() {
        #expect([4.0, 1, 2, 3].median == 2.5)
    }

    @Test func `the quartiles of nine values are the third and the seventh`() {
        let values = [9.0, 8, 7, 6, 5, 4, 3, 2, 1]
        #expect(values.quantile(0.25) == 3)
        #expect(values.quantile(0.75) == 7)
    }

    @Test func `a quantile between two values is interpolated`() {
        #expect([0.0, 10].quantile(0.25) == 2.5)
    }

    @Test func `shares outside 0 to 1 give the extremes`() {
        #expect([1.0, 2, 3].quantile(-1) == 1)
        #expect([1.0, 2, 3].quantile(2) == 3)
    }

    @Test func `one value is each of its quantiles`() {
        #expect([5.0].quantile(0) == 5)
        #expect([5.0].quantile(0.99) == 5)
    }

    @Test func `no values and undefined values have no quantile`() {
        #expect([Double]().median.isNaN)
        #expect([1, .nan, 3].median.isNaN)
    }
}
