// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// When a handler that failed is tried again, and when that ends: one rung of the ladder a failure.
public struct RetrySchedule: Hashable, Sendable {
    /// The rung after the first failure, after the second, and so on; after the last of them come the dead
    /// letters.
    public var rungs: [RetryRung]

    /// - Parameter rungs: may repeat; empty: a failure goes to the dead letters at once.
    public init(_ rungs: [RetryRung]) { self.rungs = rungs }

    /// After 1 s, 10 s, 1 min and 10 min, then every hour for a day.
    public static let standard = ladder(hours: 24)

    /// After 1 s, 10 s, 1 min and 10 min, then every hour, `hours` times.
    public static func ladder(hours: Int) -> RetrySchedule {
        RetrySchedule(
            [.oneSecond, .tenSeconds, .oneMinute, .tenMinutes]
                + Array(repeating: .oneHour, count: max(0, hours)))
    }

    /// Where a message goes whose handler has thrown.
    ///
    /// - Parameters:
    ///   - attempts: how many were made, from 1.
    ///   - error: ``AuthSignals/SignalVerdict/reject(_:)`` goes to the dead letters at once,
    ///     ``AuthSignals/SignalVerdict/retry(after:)`` to the first rung that is not shorter, and to the longest
    ///     where all are. What cannot be decoded goes to the dead letters at once, too: bytes do not get
    ///     better with time.
    public func destination(afterAttempts attempts: Int, error: any Error) -> MovedCopy.Destination {
        if let fault = error as? SignalError, fault.code.isOfTheBytes { return .dead }
        let verdict = error as? SignalVerdict
        if case .reject = verdict { return .dead }
        guard attempts >= 1, attempts <= rungs.count else { return .dead }
        if case .retry(let delay) = verdict {
            return .retry(RetryRung.allCases.first { $0.delay >= delay } ?? .oneHour)
        }
        return .retry(rungs[attempts - 1])
    }
}

extension SignalError.Code {
    /// Whether the message can never be read.
    var isOfTheBytes: Bool { self == .malformed || self == .wrongType }
}
