// SPDX-License-Identifier: Apache-2.0

/// Limits how often wake-ups are passed on to the relay.
///
/// Each wake-up causes a read, a publish and a wait for the confirms. For a few rows this costs more than ten times the
/// processor time of the rows themselves (docs/performance.md, "Publishing"). Up to 500 signals per second every wake-up
/// is passed on at once. Above that, the next one waits 10 ms, so that one read finds the rows of several commits.
struct WakeUpPace {
    /// Signals per second; above this number wake-ups wait.
    static let threshold = 500.0
    /// The time between two wake-ups that are passed on, above the threshold.
    static let pause = Duration.milliseconds(10)
    /// The rate is computed over at least this time, when a wake-up is passed on.
    private static let window = Duration.milliseconds(100)

    private var start: ContinuousClock.Instant?
    private var rowsBefore = 0
    private var rate = 0.0

    /// The time to wait before the next wake-up is passed on: zero, or ``pause`` above the threshold.
    ///
    /// - Parameters:
    ///   - rowsRead: the number of new rows that were read since the relay started.
    ///   - now: the time of the wake-up.
    mutating func pause(rowsRead: Int, at now: ContinuousClock.Instant) -> Duration {
        guard let start else {
            (start, rowsBefore) = (now, rowsRead)
            return .zero
        }
        let elapsed = now - start
        if elapsed >= Self.window {
            rate = Double(rowsRead - rowsBefore) / (elapsed / .seconds(1))
            (self.start, rowsBefore) = (now, rowsRead)
        }
        return rate > Self.threshold ? Self.pause : .zero
    }
}
