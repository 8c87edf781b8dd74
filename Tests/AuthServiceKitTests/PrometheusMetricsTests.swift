// SPDX-License-Identifier: Apache-2.0
import Foundation
import Metrics
import Testing

@testable import AuthServiceKit

@Suite("Metrics in Prometheus text format")
struct PrometheusMetricsTests {
    @Test func `writes counters, gauges and timers with their labels`() {
        let metrics = PrometheusMetrics()
        Counter(label: "auth_signals_confirmed", dimensions: [("queue", "a\"b")], factory: metrics)
            .increment(by: 3)
        Gauge(label: "auth_signals_in_flight", dimensions: [], factory: metrics).record(7)
        Timer(label: "auth_signals_handler", dimensions: [], factory: metrics).recordMilliseconds(20)
        let text = metrics.text()
        #expect(text.contains("# TYPE auth_signals_confirmed_total counter\n"))
        #expect(text.contains("auth_signals_confirmed_total{queue=\"a\\\"b\"} 3\n"))
        #expect(text.contains("# TYPE auth_signals_in_flight gauge\nauth_signals_in_flight 7.0\n"))
        #expect(text.contains("auth_signals_handler_seconds_bucket{le=\"0.01\"} 0\n"))
        #expect(text.contains("auth_signals_handler_seconds_bucket{le=\"0.025\"} 1\n"))
        #expect(text.contains("auth_signals_handler_seconds_count 1\n"))
    }

    @Test func `metrics with equal labels share one series`() {
        let metrics = PrometheusMetrics()
        for _ in 0..<2 { Counter(label: "x", dimensions: [("a", "b")], factory: metrics).increment() }
        #expect(
            metrics.text() == """
                # HELP x_total A metric of the application or of a library.
                # TYPE x_total counter
                x_total{a="b"} 2

                """)
    }

    @Test func `every documented metric has its own help text`() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/operations.md")
        let names = try String(contentsOf: file, encoding: .utf8)
            .matches(of: /(?m)^\| `(auth_signals_[a-z_]+)` \|/).map { String($0.1) }
        #expect(names.count > 25)
        let unknown = MetricDescriptions.text(of: "x")
        #expect(names.filter { MetricDescriptions.text(of: $0) == unknown } == [])
    }
}
