// SPDX-License-Identifier: Apache-2.0

extension [Double] {
    var median: Double { quantile(0.5) }

    /// The smallest value that is not exceeded by at least that share of the values.
    func quantile(_ share: Double) -> Double {
        if isEmpty { return .nan }
        let place = Int((share * Double(count)).rounded(.up)) - 1
        return sorted()[Swift.min(Swift.max(0, place), count - 1)]
    }

    var mean: Double { reduce(0, +) / Double(count) }

    fileprivate var variance: Double {
        let mean = mean
        return reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(count - 1)
    }

    /// The values without the slowest ones, which are caused by the machine and not by the measured code.
    fileprivate func cropped(to share: Double) -> [Double] {
        Array(sorted().prefix(Int(Double(count) * share)))
    }
}

/// Whether two series of times are statistically distinguishable.
struct TimingComparison: Codable {
    /// Welch's t of the times without the slowest twentieth of each side, as in dudect.
    var t: Double
    /// The standard score of the Mann-Whitney U of all times, which depends only on their order.
    var z: Double
    /// The difference of the medians in milliseconds.
    var difference: Double

    /// dudect's threshold: a larger value is not a coincidence.
    static let threshold = 4.5

    var isToldApart: Bool { max(abs(t), abs(z)) > Self.threshold }

    init(_ first: [Double], _ second: [Double]) {
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
