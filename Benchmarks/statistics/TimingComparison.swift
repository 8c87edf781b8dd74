// SPDX-License-Identifier: Apache-2.0

/// Whether two series of times are statistically distinguishable.
package struct TimingComparison: Codable, Sendable {
    /// Welch's t of the times without the slowest twentieth of each side, as in dudect.
    package var t: Double
    /// The standard score of the Mann-Whitney U of all times, which depends only on their order.
    package var z: Double
    /// The difference of the medians in milliseconds.
    package var difference: Double

    /// dudect's threshold: a larger value is not a coincidence.
    package static let threshold = 4.5

    package var isDistinguishable: Bool { max(abs(t), abs(z)) > Self.threshold }

    package init(_ first: [Double], _ second: [Double]) {
        let (a, b) = (first.cropped(to: 0.95), second.cropped(to: 0.95))
        t = (a.mean - b.mean) / (a.variance / Double(a.count) + b.variance / Double(b.count)).squareRoot()
        z = Self.mannWhitney(first, second)
        difference = first.median - second.median
    }

    private static func mannWhitney(_ first: [Double], _ second: [Double]) -> Double {
        let all = (first.map { ($0, true) } + second.map { ($0, false) }).sorted { $0.0 < $1.0 }
        // Ties are ignored: they are rare with a clock that counts nanoseconds.
        let rankSum = all.enumerated().reduce(0.0) { $0 + ($1.element.1 ? Double($1.offset + 1) : 0) }
        let (m, n) = (Double(first.count), Double(second.count))
        let u = rankSum - m * (m + 1) / 2
        return (u - m * n / 2) / (m * n * (m + n + 1) / 12).squareRoot()
    }
}

extension [Double] {
    /// The values without the slowest ones, which are caused by the machine and not by the measured code.
    fileprivate func cropped(to share: Double) -> [Double] {
        Array(sorted().prefix(Int(Double(count) * share)))
    }
}
