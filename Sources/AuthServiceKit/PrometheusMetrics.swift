// SPDX-License-Identifier: Apache-2.0
package import CoreMetrics
import Synchronization

/// A swift-metrics backend that keeps metrics in memory and renders them in Prometheus' text format (version 0.0.4).
///
/// Written by hand, since this package does not depend on swift-prometheus; where it can be depended on, it is preferred.
///
/// Counters get the suffix `_total`, timers `_seconds`. Timers and aggregating recorders are histograms.
///
/// An application should prefer swift-prometheus; this one spares the two executables a dependency.
package final class PrometheusMetrics: MetricsFactory {
    private let families = Mutex<[String: Family]>([:])

    package init() {}

    /// The body of the `/metrics` page.
    package func text() -> String {
        let families = families.withLock { $0 }
        return families.sorted { $0.key < $1.key }.map { name, family in
            "# HELP \(name) \(MetricDescriptions.text(of: name))\n"
                + "# TYPE \(name) \(family.kind.rawValue)\n"
                + family.series.sorted { $0.key < $1.key }.map { $1.text(name, labels: $0) }.joined()
        }.joined()
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, "_total", .counter, dimensions) { CounterSeries() }
    }

    package func makeRecorder(
        label: String, dimensions: [(String, String)], aggregate: Bool
    ) -> any RecorderHandler {
        aggregate
            ? series(label, "", .histogram, dimensions) { HistogramSeries(unit: 1) }
            : series(label, "", .gauge, dimensions) { GaugeSeries() } as any RecorderHandler
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, "", .gauge, dimensions) { GaugeSeries() }
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, "_seconds", .histogram, dimensions) { HistogramSeries(unit: 1e-9) }
    }

    // A series lives as long as the process: Prometheus would take a counter that disappears for a restart.
    package func destroyCounter(_ handler: any CounterHandler) {}
    package func destroyMeter(_ handler: any MeterHandler) {}
    package func destroyRecorder(_ handler: any RecorderHandler) {}
    package func destroyTimer(_ handler: any TimerHandler) {}

    private func series<S: Series>(
        _ label: String, _ suffix: String, _ kind: Kind, _ dimensions: [(String, String)],
        _ make: () -> S
    ) -> S {
        let clean = String(label.map { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_") ? $0 : "_" })
        let name = clean.hasSuffix(suffix) ? clean : clean + suffix
        let labels = dimensions.map { #"\#($0.0)="\#(Self.escaped($0.1))""# }.joined(separator: ",")
        return families.withLock { families in
            if let known = families[name]?.series[labels] as? S { return known }
            let new = make()
            families[name, default: Family(kind: kind)].series[labels] = new
            return new
        }
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    private enum Kind: String { case counter, gauge, histogram }
    private struct Family {
        var kind: Kind
        var series: [String: any Series] = [:]
    }
}

/// A metric with one set of labels: one line of the page, or the lines of one histogram.
private protocol Series: Sendable {
    func text(_ name: String, labels: String) -> String
}

private final class CounterSeries: Series, CounterHandler {
    private let value = Atomic<Int64>(0)
    func increment(by amount: Int64) { value.wrappingAdd(amount, ordering: .relaxed) }
    func reset() { value.store(0, ordering: .relaxed) }
    func text(_ name: String, labels: String) -> String {
        line(name, labels, "\(value.load(ordering: .relaxed))")
    }
}

private final class GaugeSeries: Series, MeterHandler, RecorderHandler {
    private let value = Mutex(0.0)
    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func text(_ name: String, labels: String) -> String { line(name, labels, "\(value.withLock { $0 })") }
}

private final class HistogramSeries: Series, RecorderHandler, TimerHandler {
    /// Upper bounds of the buckets, from a millisecond to an hour, in seconds.
    private static let bounds = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600,
    ]
    private struct Values {
        var buckets = Array(repeating: 0, count: HistogramSeries.bounds.count)
        var sum = 0.0
        var count = 0
    }
    private let values = Mutex(Values())
    private let unit: Double

    /// - Parameter unit: the factor for recorded values: 1e-9 shows nanoseconds as seconds.
    init(unit: Double) { self.unit = unit }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration)) }
    func record(_ value: Int64) { record(Double(value)) }
    func record(_ value: Double) {
        let value = value * unit
        values.withLock { values in
            values.sum += value
            values.count += 1
            for (index, bound) in Self.bounds.enumerated() where value <= bound { values.buckets[index] += 1 }
        }
    }

    func text(_ name: String, labels: String) -> String {
        let values = values.withLock { $0 }
        let prefix = labels.isEmpty ? "" : labels + ","
        var text = ""
        for (bound, count) in zip(Self.bounds, values.buckets) {
            text += line(name + "_bucket", prefix + #"le="\#(bound)""#, "\(count)")
        }
        text += line(name + "_bucket", prefix + #"le="+Inf""#, "\(values.count)")
        text += line(name + "_sum", labels, "\(values.sum)")
        return text + line(name + "_count", labels, "\(values.count)")
    }
}

private func line(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
}
