// SPDX-License-Identifier: Apache-2.0
import Testing

@testable import AuthDashboard

@Suite struct WorkerMetricsTests {
    @Test func `reads the page of a real worker`() throws {
        let metrics = try #require(WorkerMetrics(parsing: NumbersSamples.metricsPage.utf8))
        #expect(metrics.handled == 5)
        #expect(metrics.failed == 0)
        #expect(metrics.waiting == 0)
        #expect(metrics.buckets.count == 17)
        #expect(metrics.buckets[0.001] == 0)
        #expect(metrics.buckets[0.0025] == 4)
        #expect(metrics.buckets[0.05] == 5)
        #expect(metrics.buckets[.infinity] == 5)
    }

    @Test func `sums the handlers of a worker`() throws {
        let metrics = try #require(
            parsed(
                #"auth_signals_handled_total{handler="log"} 5"#,
                #"auth_signals_handled_total{handler="webhook"} 2"#,
                #"auth_signals_handler_duration_seconds_bucket{handler="log",le="+Inf"} 5"#,
                #"auth_signals_handler_duration_seconds_bucket{le="+Inf",handler="webhook"} 3"#))
        #expect(metrics.handled == 7)
        #expect(metrics.buckets == [.infinity: 8])
    }

    @Test func `reads escaped labels, times and lines that end with a carriage return`() throws {
        let metrics = try #require(
            parsed(
                #"auth_signals_handled_total{handler="a\"} 9 \\"} 5"#,
                #"auth_signals_failed_total{handler="a",} 2 1764209431000"#,
                "auth_signals_lane_depth\t3\r"))
        #expect(metrics.handled == 5)
        #expect(metrics.failed == 2)
        #expect(metrics.waiting == 3)
    }

    @Test(arguments: ["NaN", "-1", "+Inf", "1e300", "", "five", "0x", "1,5", "9007199254740994"])
    func `ignores a value that is not a count`(value: String) throws {
        let metrics = try #require(
            parsed("auth_signals_failed_total 1", "auth_signals_handled_total \(value)"))
        #expect(metrics.handled == nil)
        #expect(metrics.failed == 1)
    }

    @Test(arguments: [
        #"auth_signals_handled_total{handler="log" 5"#, #"auth_signals_handled_total{handler=log} 5"#,
        #"auth_signals_handled_total{handler="log\"#, "auth_signals_handled_total{",
        "auth_signals_handled_total",
        #"auth_signals_handler_duration_seconds_bucket{le="NaN"} 5"#,
        #"auth_signals_handler_duration_seconds_bucket{le="-1"} 5"#,
        #"auth_signals_handler_duration_seconds_bucket{le="1e300"} 5"#,
        "auth_signals_handler_duration_seconds_bucket 5", "auth_signals_", "{} 5",
    ])
    func `ignores a line of another form`(line: String) {
        #expect(parsed(line) == nil)
    }

    @Test func `refuses a page without a worker's metrics`() {
        #expect(WorkerMetrics(parsing: "<!doctype html><title>Log in</title>".utf8) == nil)
        #expect(WorkerMetrics(parsing: "process_cpu_seconds_total 12\n".utf8) == nil)
        #expect(WorkerMetrics(parsing: [0xFF, 0x0A, 0xC3, 0x00, 0x0A]) == nil)
        #expect(WorkerMetrics(parsing: []) == nil)
    }

    @Test func `keeps a bounded number of buckets of a page with 20,000 of them`() throws {
        var page = "auth_signals_handled_total 1\n"
        for bound in 0..<20_000 {
            page += "auth_signals_handler_duration_seconds_bucket{le=\"\(bound)\"} 1\n"
        }
        let metrics = try #require(WorkerMetrics(parsing: page.utf8))
        #expect(metrics.buckets.count == 100)
    }

    @Test func `ignores a line of a megabyte`() {
        let line = "auth_signals_handled_total{handler=\"" + String(repeating: "x", count: 1 << 20) + "\"} 5"
        #expect(WorkerMetrics(parsing: line.utf8) == nil)
    }

    private func parsed(_ lines: String...) -> WorkerMetrics? {
        WorkerMetrics(parsing: lines.joined(separator: "\n").utf8)
    }
}
