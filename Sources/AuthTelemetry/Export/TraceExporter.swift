// SPDX-License-Identifier: Apache-2.0

/// Sends a batch of spans, and retries as the OTLP specification demands: statuses 429, 502, 503 and 504 and failed
/// connections, with exponential pauses or those of `Retry-After`, within the time-out.
struct TraceExporter: Sendable {
    enum Outcome: Hashable, Sendable {
        case exported
        /// The batch is lost.
        ///
        /// - `pause`: how long the collector has asked to be left alone.
        case failed(String, pause: Duration?)
    }

    private let transport: any TraceTransport
    private let timeout: Duration
    private let timer: TraceTimer

    /// The first pause. The following ones are twice as long each.
    static let firstPause = Duration.milliseconds(500)
    private static let longestPause = Duration.seconds(5)

    /// - Parameter timeout: for all attempts together.
    init(to transport: any TraceTransport, timeout: Duration, timer: TraceTimer) {
        self.transport = transport
        self.timeout = timeout
        self.timer = timer
    }

    /// - Parameter mayRetry: whether a failed attempt may be repeated.
    func export(_ body: [UInt8], mayRetry: () -> Bool = { true }) async -> Outcome {
        let end = timer.now() + timeout
        var pause = Self.firstPause
        while true {
            let reason: String
            var asked: Duration?
            switch await transport.send(body, timeout: max(.milliseconds(1), end - timer.now())) {
            case .status(let status, _) where (200..<300).contains(status): return .exported
            case .status(let status, let retryAfter) where [429, 502, 503, 504].contains(status):
                reason = "status \(status)"
                asked = retryAfter
            case .status(let status, _): return .failed("status \(status)", pause: nil)
            case .none(let fault): reason = fault
            }
            // At random, so that processes that failed together do not return together.
            let wait = asked ?? pause * Double.random(in: 0.8...1.2)
            guard mayRetry(), !Task.isCancelled, timer.now() + wait < end else {
                return .failed(reason, pause: asked)
            }
            do { try await timer.sleep(wait) } catch { return .failed(reason, pause: asked) }
            pause = min(pause * 2, Self.longestPause)
        }
    }

    func close() async { await transport.close() }
}

/// The time of the exporter, which tests control.
package struct TraceTimer: Sendable {
    package var now: @Sendable () -> ContinuousClock.Instant
    /// Throws if the task is cancelled.
    package var sleep: @Sendable (Duration) async throws -> Void

    package init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The system's monotonic clock.
    package static let system = TraceTimer(now: { .now }, sleep: { try await Task.sleep(for: $0) })
}
