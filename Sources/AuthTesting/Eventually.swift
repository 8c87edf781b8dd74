// SPDX-License-Identifier: Apache-2.0

/// Waits until something is so, looking again and again.
///
/// - Parameters:
///   - bound: how long it is waited at most; generous, since a test that is right never waits so long.
///   - what: completes “it did not come about that …”; asked for when it did not, so that it can tell what was
///     there instead.
/// - Throws: ``NotInTime``, and what `condition` throws.
public func eventually(
    within bound: Duration = .seconds(30), _ what: @autoclosure () -> String,
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    try await eventualValue(within: bound, what()) { try await condition() ? () : nil }
}

/// Waits until there is a value, looking again and again: as ``eventually(within:_:isolation:_:)``.
///
/// - Returns: what `value` returned.
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

/// Something that was waited for did not come about within its bound.
public struct NotInTime: Error, CustomStringConvertible {
    public var what: String
    public var bound: Duration
    public var description: String { "it did not come about within \(bound) that \(what)" }
}

/// What every wait of a test looks at as well, so that it does not wait for what cannot come any more.
package enum EventualWatch {
    /// Called before each look; what it throws, the wait throws.
    @TaskLocal package static var check: (@Sendable () throws -> Void)?
}
