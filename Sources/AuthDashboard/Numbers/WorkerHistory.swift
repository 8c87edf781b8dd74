// SPDX-License-Identifier: Apache-2.0

/// The readings of one worker's metrics page in the last minute, from which rates and latencies are computed.
struct WorkerHistory: Sendable {
    private struct Reading {
        var at: Duration
        var metrics: WorkerMetrics
    }

    private var readings: [Reading] = []

    /// Latencies are those of this period.
    static let period = Duration.seconds(60)
    /// Rates are averages of this period.
    static let ratePeriod = Duration.seconds(10)
    /// The maximum number of readings that are kept.
    private static let most = 100

    /// Adds a reading.
    ///
    /// - Parameter at: a monotonic time. A reading that is not later than the last one is ignored.
    mutating func add(_ metrics: WorkerMetrics, at: Duration) {
        if let last = readings.last {
            guard at > last.at else { return }
            // A counter that falls: the worker has started again, or another one has the address.
            if metrics.isBehind(last.metrics) { readings = [] }
        }
        readings.append(Reading(at: at, metrics: metrics))
        // The newest reading that is older than the period is kept as its beginning.
        while readings.count > 2, readings[1].at <= at - Self.period { readings.removeFirst() }
        if readings.count > Self.most { readings.removeFirst() }
        // After a pause in which no page was open, the difference would be an average of the pause.
        if let first = readings.first, readings.count > 1, first.at < at - Self.period * 2 {
            readings.removeFirst()
        }
    }

    /// Handled signals a second; nil before the second reading.
    var handledPerSecond: Double? {
        guard let last = readings.last, let end = last.metrics.handled,
            let first = readings.first(where: { $0.at >= last.at - Self.ratePeriod }), first.at < last.at,
            let start = first.metrics.handled
        else { return nil }
        return max(0, end - start) / ((last.at - first.at) / .seconds(1))
    }

    /// The latency in seconds below which a part of the attempts of the last minute were; nil if there were none.
    ///
    /// - Parameter quantile: from 0 to 1.
    func latency(_ quantile: Double) -> Double? {
        guard let last = readings.last, let first = readings.first, first.at < last.at else { return nil }
        let added = last.metrics.buckets.map { bound, count in
            Histogram.Bucket(bound: bound, count: count - (first.metrics.buckets[bound] ?? 0))
        }
        return Histogram(added).quantile(quantile)
    }

    /// The report of the worker at an address.
    func report(address: String, error: String?) -> WorkerReport {
        guard let last = readings.last?.metrics else { return WorkerReport(address: address, error: error) }
        var report = WorkerReport(address: address, error: error)
        report.handledTotal = last.handled.flatMap(wholeNumber)
        report.failedTotal = last.failed.flatMap(wholeNumber)
        // What a worker reported before it was lost says nothing about now; the totals stay.
        guard error == nil else { return report }
        report.inFlight = last.waiting.flatMap(wholeNumber)
        report.handledPerSecond = handledPerSecond
        if let p50 = latency(0.5), let p99 = latency(0.99) {
            report.latency = WorkerReport.Latency(p50: p50 * 1000, p99: p99 * 1000)
        }
        return report
    }
}

extension WorkerMetrics {
    /// Whether a counter is lower than in an earlier reading.
    fileprivate func isBehind(_ earlier: WorkerMetrics) -> Bool {
        (handled ?? 0) < (earlier.handled ?? 0) || (failed ?? 0) < (earlier.failed ?? 0)
            || earlier.buckets.contains { bound, count in (buckets[bound] ?? 0) < count }
    }
}

/// A number from outside as a whole number; nil if it is negative, not finite, or too large to be exact.
func wholeNumber(_ number: Double) -> Int? {
    number >= 0 && number <= 9_007_199_254_740_992 ? Int(number.rounded(.down)) : nil
}

/// A cumulative histogram, as Prometheus' `histogram_quantile` reads it.
struct Histogram {
    struct Bucket {
        /// The upper bound; infinite for the last bucket.
        var bound: Double
        /// How many values are at most as large as the bound.
        var count: Double
    }

    private let buckets: [Bucket]

    init(_ buckets: [Bucket]) { self.buckets = buckets.sorted { $0.bound < $1.bound } }

    /// The value below which a part of all values are, by linear interpolation in its bucket; nil without values.
    func quantile(_ quantile: Double) -> Double? {
        guard let total = buckets.last?.count, total > 0 else { return nil }
        let rank = quantile * total
        var below = Bucket(bound: 0, count: 0)
        for bucket in buckets {
            // Counts of a page that is not a proper histogram may fall.
            let count = max(bucket.count, below.count)
            if count >= rank, count > below.count {
                // The last bucket has no upper bound: the value is at least the highest finite one.
                guard bucket.bound.isFinite else { return below.bound }
                let part = (rank - below.count) / (count - below.count)
                return below.bound + (bucket.bound - below.bound) * min(1, max(0, part))
            }
            below = Bucket(bound: bucket.bound, count: count)
        }
        return below.bound.isFinite ? below.bound : nil
    }
}
