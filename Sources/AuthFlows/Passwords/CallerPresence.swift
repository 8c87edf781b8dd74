// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Whether the client that called a flow still waits for the result.
///
/// Whoever answers clients sets it around the flows: a password that still waits to be hashed when its client
/// closes the connection is not hashed. Nothing else is given up: a change that a client asked for before it
/// left is made.
///
/// ```swift
/// let presence = CallerPresence()
/// connection.onClose { presence.leave() }
/// let result = try await CallerPresence.$current.withValue(presence) {
///     try await accounts.logIn(form, visit)
/// }
/// ```
public final class CallerPresence: Sendable {
    /// The caller of the current task; nil if nobody says.
    @TaskLocal public static var current: CallerPresence?

    private struct State {
        var isGone = false
        var lastNote = 0
        var actions: [Int: @Sendable () -> Void] = [:]
    }

    private let state = Mutex(State())

    public init() {}

    /// Whether the client has gone.
    public var isGone: Bool { state.withLock { $0.isGone } }

    /// The client has gone; the second time does nothing.
    public func leave() {
        let actions = state.withLock { state in
            state.isGone = true
            defer { state.actions = [:] }
            return state.actions.values
        }
        for action in actions { action() }
    }

    /// Runs the action when the client goes; not if it has gone already.
    ///
    /// - Returns: what ``forget(_:)`` takes.
    func whenGone(_ action: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.lastNote += 1
            if !state.isGone { state.actions[state.lastNote] = action }
            return state.lastNote
        }
    }

    func forget(_ note: Int) { state.withLock { _ = $0.actions.removeValue(forKey: note) } }
}
