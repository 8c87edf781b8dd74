// SPDX-License-Identifier: Apache-2.0
import Foundation
import Testing

@testable import AuthDashboard

@Suite struct WorkerHistoryTests {
    @Test func `has totals but no rate after the first reading`() {
        var history = WorkerHistory()
        history.add(metrics(handled: 40, failed: 3, waiting: 2), at: .seconds(1))
        let report = history.report(address: "worker:9090", error: nil)
        #expect(report.handledTotal == 40)
        #expect(report.failedTotal == 3)
        #expect(report.inFlight == 2)
        #expect(report.handledPerSecond == nil)
        #expect(report.latency == nil)
    }

    @Test func `computes the rate from the difference of readings`() {
        var history = WorkerHistory()
        history.add(metrics(handled: 40), at: .seconds(1))
        history.add(metrics(handled: 140), at: .seconds(5))
        #expect(history.handledPerSecond == 25)
    }

    @Test func `averages the rate of the last ten seconds only`() {
        var history = WorkerHistory()
        for second in 0...20 { history.add(metrics(handled: 100), at: .seconds(second)) }
        for second in 21...30 {
            history.add(metrics(handled: 100 + Double(second - 20) * 7), at: .seconds(second))
        }
        #expect(history.handledPerSecond == 7)
    }

    @Test func `computes latencies from what was added to the histogram`() throws {
        let page = try #require(WorkerMetrics(parsing: NumbersSamples.metricsPage.utf8))
        var empty = page
        empty.handled = 0
        empty.buckets = page.buckets.mapValues { _ in 0 }
        var history = WorkerHistory()
        history.add(empty, at: .seconds(1))
        history.add(page, at: .seconds(3))
        let latency = try #require(history.report(address: "worker", error: nil).latency)
        // Of five attempts four took 1 to 2.5 ms, and one took 25 to 50 ms.
        #expect(abs((latency.p50 ?? 0) - 1.9375) < 0.001)
        #expect(abs((latency.p99 ?? 0) - 48.75) < 0.001)
    }

    @Test func `has no latency if nothing was handled in the last minute`() {
        var history = WorkerHistory()
        history.add(metrics(handled: 5, buckets: [1: 5, .infinity: 5]), at: .seconds(1))
        history.add(metrics(handled: 5, buckets: [1: 5, .infinity: 5]), at: .seconds(3))
        #expect(history.handledPerSecond == 0)
        #expect(history.report(address: "worker", error: nil).latency == nil)
    }

    @Test func `forgets attempts that are older than a minute`() throws {
        var history = WorkerHistory()
        history.add(metrics(buckets: [1: 0, 10: 0]), at: .seconds(0))
        history.add(metrics(buckets: [1: 0, 10: 1000]), at: .seconds(10))
        for second in stride(from: 20, through: 80, by: 10) {
            history.add(
                metrics(buckets: [1: Double(second), 10: 1000 + Double(second)]), at: .seconds(second))
        }
        // The thousand slow attempts ended before the last minute began.
        #expect(try #require(history.latency(0.99)) <= 1)
    }

    @Test func `starts again if a counter falls`() {
        var history = WorkerHistory()
        history.add(metrics(handled: 1000), at: .seconds(1))
        history.add(metrics(handled: 4), at: .seconds(3))
        #expect(history.handledPerSecond == nil)
        #expect(history.report(address: "worker", error: nil).handledTotal == 4)
        history.add(metrics(handled: 24), at: .seconds(5))
        #expect(history.handledPerSecond == 10)
    }

    @Test func `does not average over a time in which no page was open`() {
        var history = WorkerHistory()
        history.add(metrics(handled: 10), at: .seconds(1))
        history.add(metrics(handled: 20), at: .seconds(3))
        history.add(metrics(handled: 90_000), at: .seconds(3600))
        #expect(history.handledPerSecond == nil)
        #expect(history.latency(0.5) == nil)
    }

    @Test func `ignores a reading of the same time`() {
        var history = WorkerHistory()
        history.add(metrics(handled: 10), at: .seconds(1))
        history.add(metrics(handled: 20), at: .seconds(1))
        #expect(history.handledPerSecond == nil)
    }

    @Test func `shows totals but nothing current of a worker that is lost`() {
        var history = WorkerHistory()
        history.add(metrics(handled: 10, waiting: 4), at: .seconds(1))
        history.add(metrics(handled: 20, waiting: 4), at: .seconds(3))
        let report = history.report(address: "worker", error: "connection refused")
        #expect(report.error == "connection refused")
        #expect(report.handledTotal == 20)
        #expect(report.inFlight == nil)
        #expect(report.handledPerSecond == nil)
    }

    @Test func `a report can be encoded whatever the buckets are`() throws {
        var history = WorkerHistory()
        history.add(metrics(handled: 0, buckets: [:]), at: .seconds(1))
        let strange: [Double: Double] = [0: 9e15, 0.1: 3, 1e9: 9e15, .infinity: 1]
        history.add(metrics(handled: 9e15, buckets: strange), at: .seconds(2))
        _ = try JSONEncoder().encode(history.report(address: "worker", error: nil))
    }

    @Test func `a quantile beyond the last finite bound is that bound`() {
        let histogram = Histogram([
            Histogram.Bucket(bound: 1, count: 1), Histogram.Bucket(bound: .infinity, count: 10),
        ])
        #expect(histogram.quantile(0.99) == 1)
        #expect(Histogram([]).quantile(0.5) == nil)
        #expect(Histogram([Histogram.Bucket(bound: .infinity, count: 10)]).quantile(0.5) == 0)
    }

    @Test(arguments: [-1, .nan, .infinity, 1e300])
    func `a number that is not a count is left out`(number: Double) {
        #expect(wholeNumber(number) == nil)
    }

    private func metrics(
        handled: Double? = nil, failed: Double? = nil, waiting: Double? = nil,
        buckets: [Double: Double] = [:]
    ) -> WorkerMetrics {
        var metrics = WorkerMetrics()
        (metrics.handled, metrics.failed, metrics.waiting) = (handled, failed, waiting)
        metrics.buckets = buckets
        return metrics
    }
}
