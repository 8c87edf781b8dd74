// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Whether the client that called a flow is still connected.
///
/// A server sets it around the flows. If a client closes its connection while its password still waits to be hashed,
/// the password is not hashed. Nothing else is cancelled: a change that a client requested before it disconnected is
/// made.
///
/// ```swift
/// let presence = CallerPresence()
/// connection.onClose { presence.leave() }
/// let result = try await CallerPresence.$current.withValue(presence) {
///     try await accounts.logIn(form, context)
/// }
/// ```
public final class CallerPresence: Sendable {
    /// The caller of the current task; nil if it is not set.
    @TaskLocal public static var current: CallerPresence?

    private struct State {
        var isGone = false
        var lastNote = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// Whether the client has disconnected.
    public var isGone: Bool { state.withLock { $0.isGone } }

    /// Records that the client has disconnected. Further calls do nothing.
    public func leave() {
        let actions = state.withLock { state in
            state.isGone = true
            defer { state.actions = [:] }
            return state.actions.values
        }
        for action in actions { action() }
    }

    /// Runs the action when the client disconnects, but not if it has disconnected already.
    ///
    /// - Returns: a number to pass to ``forget(_:)``.
    func whenGone(_ action: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.lastNote += 1
            if !state.isGone { state.actions[state.lastNote] = action }
            return state.lastNote
        }
    }

    func forget(_ note: Int) { state.withLock { _ = $0.actions.removeValue(forKey: note) } }
}
