// SPDX-License-Identifier: Apache-2.0

extension [Double] {
    /// The middle value; NaN if the array is empty.
    package var median: Double { quantile(0.5) }

    /// The value below which that share of the values lies, interpolated linearly between the two nearest values (type 7
    /// of Hyndman and Fan, as in R and NumPy).
    ///
    /// - Parameter share: from 0, the smallest value, to 1, the largest.
    /// - Returns: NaN if the array is empty or contains NaN.
    package func quantile(_ share: Double) -> Double {
        if isEmpty || contains(where: \.isNaN) { return .nan }
        let sorted = sorted()
        let place = Swift.min(Swift.max(share, 0), 1) * Double(count - 1)
        let lower = Int(place.rounded(.down))
        let upper = Swift.min(lower + 1, count - 1)
        let part = place - Double(lower)
        if part == 0 { return sorted[lower] }
        return sorted[lower] + (sorted[upper] - sorted[lower]) * part
    }

    package var mean: Double { reduce(0, +) / Double(count) }

    /// The sample variance.
    package var variance: Double {
        let mean = mean
        return reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    }
}
