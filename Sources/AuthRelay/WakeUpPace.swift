// SPDX-License-Identifier: Apache-2.0

/// Decides how often wake-ups are passed on.
///
/// Each causes a read, a publish and a reply of the broker, which take ten times as much processor time as the few rows
/// that they carry. While few signals are committed, every wake-up is passed on at once. While many are, the next one
/// waits, so that one read finds the rows of several commits.
struct WakeUpPace {
    /// Signals per second; above this number wake-ups wait.
    static let threshold = 500.0
    /// The time between two wake-ups that are passed on, above the threshold.
    static let pause = Duration.milliseconds(10)
    /// Over which time the signals are counted.
    private static let window = Duration.milliseconds(100)

    private var start: ContinuousClock.Instant?
    private var rowsBefore = 0
    private var rate = 0.0

    /// How long to wait after a wake-up was passed on.
    ///
    /// - Parameters:
    ///   - rowsRead: how many rows were read since the start of the relay.
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
