// SPDX-License-Identifier: Apache-2.0

/// When a handler's failed messages are retried, and how often, if it differs from the worker's schedule.
///
/// ```swift
/// handlers.on(UserSignedUp.self, as: "crm", retry: .ladder([.oneMinute, .oneHour], attempts: 5)) { … }
/// handlers.on(UserLoggedIn.self, as: "statistics", retry: .never) { … }
/// ```
public struct HandlerRetry: Hashable, Sendable {
    /// The rung after the first failure, after the second, and so on; after the last one the message is dead-lettered.
    /// nil: those of the worker.
    public let rungs: [RetryRung]?

    /// The worker's schedule.
    public static let `default` = HandlerRetry(rungs: nil)

    /// The first failure dead-letters the message.
    public static let never = HandlerRetry(rungs: [])

    /// Own positions of the retry ladder.
    ///
    /// - Parameters:
    ///   - rungs: The rung after each failure; the last one repeats. Empty: ``never``.
    ///   - attempts: How often the handler is called for a message at most, the first time included: 1 to 10,000,
    ///     others count as the nearest of these. By default one more than there are rungs.
    public static func ladder(_ rungs: [RetryRung], attempts: Int? = nil) -> HandlerRetry {
        guard let last = rungs.last else { return .never }
        let retries = min(max(attempts ?? rungs.count + 1, 1), 10_000) - 1
        let repeats = Array(repeating: last, count: max(0, retries - rungs.count))
        return HandlerRetry(rungs: Array(rungs.prefix(retries)) + repeats)
    }
}
