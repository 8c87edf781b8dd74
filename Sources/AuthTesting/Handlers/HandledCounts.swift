// SPDX-License-Identifier: Apache-2.0
import Metrics

/// Counts the runs of handlers that have succeeded, by the dispatcher's own metric.
final class HandledCounts: MetricsFactory {
    private let counts = Locked<[String: Int]>([:])

    var total: Int { counts.value.values.reduce(0, +) }
    func count(of handler: String) -> Int { counts.value[handler] ?? 0 }

    private final class Counter: CounterHandler {
        private let handler: String
        private let counts: Locked<[String: Int]>

        init(_ handler: String, _ counts: Locked<[String: Int]>) {
            self.handler = handler
            self.counts = counts
        }

        func increment(by amount: Int64) {
            counts.change { $0[handler, default: 0] += Int(clamping: amount) }
        }
        func reset() { counts.change { $0[handler] = nil } }
    }

    func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        guard label == "auth_signals_handled", let handler = dimensions.first(where: { $0.0 == "handler" })
        else { return NOOPMetricsHandler.instance }
        return Counter(handler.1, counts)
    }

    // The other metrics are not needed.

    func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        NOOPMetricsHandler.instance
    }
    func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        NOOPMetricsHandler.instance
    }
    func destroyCounter(_ handler: any CounterHandler) {}
    func destroyRecorder(_ handler: any RecorderHandler) {}
    func destroyTimer(_ handler: any TimerHandler) {}
}
