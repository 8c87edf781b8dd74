// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import Synchronization

/// Handlers that remember what they were given.
///
/// ```swift
/// let recorder = SignalRecorder()
/// var handlers = SignalHandlers()
/// recorder.add(to: &handlers)
/// …
/// try await recorder.wait { $0.count == 3 }
/// #expect(recorder.names == ["account.user_signed_up", …])
/// ```
public final class SignalRecorder: Sendable {
    /// One run of a handler.
    public struct Entry: Sendable {
        public var handler: String
        public var event: SignalEvent
        public var context: SignalContext
    }

    private let state = Mutex<[Entry]>([])

    public init() {}

    /// What was recorded, in the order in which the handlers began.
    public var entries: [Entry] { state.withLock { $0 } }
    /// The names of ``entries``.
    public var names: [SignalName] { entries.map(\.event.name) }
    /// The ids of ``entries``.
    public var ids: [UUID] { entries.map(\.event.id) }

    /// Adds a handler that records.
    ///
    /// - Parameter then: runs after it has been recorded; what it throws, the handler throws.
    public func add(
        to handlers: inout SignalHandlers, matching pattern: SignalPattern = "#",
        as name: String = "recorder",
        then: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void = { _, _ in }
    ) {
        handlers.on(matching: pattern, as: name) { event, context in
            self.record(event, context, by: name)
            try await then(event, context)
        }
    }

    /// Records a run of a handler of the test's own.
    public func record(_ event: SignalEvent, _ context: SignalContext, by handler: String) {
        state.withLock { $0.append(Entry(handler: handler, event: event, context: context)) }
    }

    /// Forgets everything.
    public func clear() { state.withLock { $0 = [] } }

    /// Waits until what was recorded fulfils a condition.
    ///
    /// - Throws: ``NotInTime``
    public func wait(
        within bound: Duration = .seconds(30), until condition: @Sendable ([Entry]) -> Bool
    ) async throws {
        try await eventually(within: bound, "the recorder had what was waited for") { condition(entries) }
    }
}
