// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import Synchronization

/// Records the signals that handlers receive.
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

    /// The recorded runs, in the order in which the handlers started.
    public var entries: [Entry] { state.withLock { $0 } }
    /// The names of ``entries``.
    public var names: [SignalName] { entries.map(\.event.name) }
    /// The ids of ``entries``.
    public var ids: [UUID] { entries.map(\.event.id) }

    /// Adds a handler that records.
    ///
    /// - Parameters:
    ///   - handlers: the table that the handler is added to.
    ///   - pattern: the pattern that names must match.
    ///   - name: the name of the handler.
    ///   - then: called after recording; the handler rethrows its error.
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

    /// Records a run of the test's own handler.
    public func record(_ event: SignalEvent, _ context: SignalContext, by handler: String) {
        state.withLock { $0.append(Entry(handler: handler, event: event, context: context)) }
    }

    /// Removes all entries.
    public func clear() { state.withLock { $0 = [] } }

    /// Waits until the entries satisfy a condition.
    ///
    /// - Throws: ``NotInTime``
    public func wait(
        within bound: Duration = .seconds(30), until condition: @Sendable ([Entry]) -> Bool
    ) async throws {
        try await eventually(within: bound, "the entries satisfied the condition") { condition(entries) }
    }
}
