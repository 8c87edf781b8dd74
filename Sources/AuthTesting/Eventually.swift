// SPDX-License-Identifier: Apache-2.0

/// Polls a condition until it is true.
///
/// - Parameters:
///   - bound: the maximum time to wait; generous, since a passing test never waits that long.
///   - what: describes the condition, for the error. It is evaluated only on failure, so that it can include the
///     actual state.
///   - isolation: the caller's isolation.
///   - condition: becomes true.
/// - Throws: ``NotInTime``, and the errors of `condition`.
public func eventually(
    within bound: Duration = .seconds(30), _ what: @autoclosure () -> String,
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    try await eventualValue(within: bound, what()) { try await condition() ? () : nil }
}

/// Polls a function until it returns a value, like ``eventually(within:_:isolation:_:)``.
///
/// - Returns: the first value that is not nil.
public func eventualValue<Value>(
    within bound: Duration = .seconds(30), _ what: @autoclosure () -> String,
    isolation: isolated (any Actor)? = #isolation, _ value: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let end = clock.now + bound
    var pause = Duration.microseconds(200)
    while true {
        try EventualWatch.check?()
        if let value = try await value() { return value }
        guard clock.now < end else { throw NotInTime(what: what(), bound: bound) }
        try await clock.sleep(for: pause)
        pause = min(pause * 2, .milliseconds(20))
    }
}

/// A condition was not met within its time limit.
public struct NotInTime: Error, CustomStringConvertible {
    public var what: String
    public var bound: Duration
    public var description: String { "condition not met within \(bound): \(what)" }
}

/// An additional check of every wait of a test, so that it fails at once when its condition can no longer be met.
package enum EventualWatch {
    /// Called before each poll; the wait rethrows its error.
    @TaskLocal package static var check: (@Sendable () throws -> Void)?
}
