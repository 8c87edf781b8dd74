// SPDX-License-Identifier: Apache-2.0

extension [Double] {
    var median: Double { quantile(0.5) }

    /// The smallest value that at least that share of the values does not exceed.
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

    /// Without the slowest: they tell of the machine, not of what is measured.
    fileprivate func cropped(to share: Double) -> [Double] {
        Array(sorted().prefix(Int(Double(count) * share)))
    }
}

/// Whether two series of times can be told apart.
struct TimingComparison: Codable {
    /// Welch's t over the times without the slowest twentieth of each side, as dudect takes it.
    var t: Double
    /// The standard score of the Mann-Whitney U of all times, which asks for the order only.
    var z: Double
    /// Milliseconds that the first side takes longer, in the middle.
    var difference: Double

    /// dudect's threshold: beyond it a difference is no accident.
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
        // Times of a clock that counts nanoseconds have no ties worth the trouble.
        let rankSum = all.enumerated().reduce(0.0) { $0 + ($1.element.1 ? Double($1.offset + 1) : 0) }
        let (m, n) = (Double(first.count), Double(second.count))
        let u = rankSum - m * (m + 1) / 2
        return (u - m * n / 2) / (m * n * (m + n + 1) / 12).squareRoot()
    }
}
