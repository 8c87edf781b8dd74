// SPDX-License-Identifier: Apache-2.0

/// A quantity of one side compared with that of another, pair by pair.
///
/// The two values of a pair are measured one after the other, so that other load on the machine affects both. The result
/// is the median of the pairs' ratios or differences; the interquartile range shows how much they vary.
///
/// ```swift
/// let comparison = PairedComparison([95, 97, 96], against: [100, 100, 101], by: .ratio)
/// comparison.verdict(.atLeast(0.9))  // .reached
/// ```
package struct PairedComparison: Sendable {
    /// How the two values of a pair become one.
    package enum Relation: Sendable {
        /// The measured value divided by the reference's.
        case ratio
        /// The measured value minus the reference's.
        case difference
    }

    /// The threshold of a goal.
    package enum Bound: Sendable {
        case atLeast(Double)
        case atMost(Double)
    }

    /// Whether a goal was reached.
    package enum Verdict: String, Codable, Sendable {
        case reached, missed
        /// The threshold lies within the interquartile range.
        case undecided
    }

    /// The number of pairs below which a result is provisional.
    package static let fewestPairs = 9

    /// The ratio or difference of each pair, in the order of measurement.
    package let values: [Double]

    /// Compares the values of two sides. A value of one side without a value of the other is ignored.
    package init(_ measured: [Double], against reference: [Double], by relation: Relation) {
        values = zip(measured, reference).map { pair in
            switch relation {
            case .ratio: pair.0 / pair.1
            case .difference: pair.0 - pair.1
            }
        }
    }

    package var median: Double { values.median }
    package var lowerQuartile: Double { values.quantile(0.25) }
    package var upperQuartile: Double { values.quantile(0.75) }

    /// Whether there are too few pairs for a final result.
    package var isProvisional: Bool { values.count < Self.fewestPairs }

    /// Reached or missed if the whole interquartile range lies on one side of the threshold, otherwise undecided. A value
    /// that equals the threshold reaches the goal. A single pair has no range, and is undecided.
    package func verdict(_ bound: Bound) -> Verdict {
        guard values.count > 1 else { return .undecided }
        switch bound {
        case .atLeast(let least):
            if lowerQuartile >= least { return .reached }
            return upperQuartile < least ? .missed : .undecided
        case .atMost(let most):
            if upperQuartile <= most { return .reached }
            return lowerQuartile > most ? .missed : .undecided
        }
    }

    /// The number of pairs to measure after an undecided result: about twice as many, and odd, so that one pair is the
    /// median.
    package static func morePairs(than pairs: Int) -> Int { Swift.max(fewestPairs, 2 * pairs + 1) }
}
