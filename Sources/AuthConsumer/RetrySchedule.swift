// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// When a failed handler is retried, and how often: one rung of the retry ladder per failure.
public struct RetrySchedule: Hashable, Sendable {
    /// The rung after the first failure, after the second, and so on; after the last rung the message is dead-lettered.
    public var rungs: [RetryRung]

    /// - Parameter rungs: May repeat; empty: a failed message is dead-lettered immediately.
    public init(_ rungs: [RetryRung]) { self.rungs = rungs }

    /// - Parameter standard: The schedule of a handler that has no own one.
    init(_ retry: HandlerRetry, default standard: RetrySchedule) {
        self = retry.rungs.map(RetrySchedule.init) ?? standard
    }

    /// After 1 s, 10 s, 1 min and 10 min, then every hour for a day.
    public static let standard = ladder(hours: 24)

    /// After 1 s, 10 s, 1 min and 10 min, then every hour, `hours` times.
    public static func ladder(hours: Int) -> RetrySchedule {
        RetrySchedule(
            [.oneSecond, .tenSeconds, .oneMinute, .tenMinutes]
                + Array(repeating: .oneHour, count: max(0, hours)))
    }

    /// The destination of a message whose handler has thrown.
    ///
    /// - Parameters:
    ///   - attempts: The number of attempts so far, from 1.
    ///   - error: `SignalVerdict.reject(_:)` dead-letters the message immediately;
    ///     `SignalVerdict.retry(after:)` chooses the first rung that is not shorter, or the longest one.
    ///     A message that cannot be decoded is also dead-lettered immediately: a retry always fails.
    public func destination(afterAttempts attempts: Int, error: any Error) -> RepublishedCopy.Destination {
        if let fault = error as? SignalError, fault.code.isOfTheBytes { return .dead }
        let verdict = error as? SignalVerdict
        if case .reject = verdict { return .dead }
        guard attempts >= 1, attempts <= rungs.count else { return .dead }
        if case .retry(let delay) = verdict { return .retry(RetryRung(notShorterThan: delay)) }
        return .retry(rungs[attempts - 1])
    }
}

extension RetryRung {
    /// The first rung that is not shorter, or the longest one.
    init(notShorterThan delay: Duration) { self = Self.allCases.first { $0.delay >= delay } ?? .oneHour }
}

extension SignalError.Code {
    /// Whether the message can never be decoded.
    var isOfTheBytes: Bool { self == .malformed || self == .wrongType }
}
