// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The connection of a client, for those who want to know when the client closes it.
public final class ClientConnection: Sendable {
    private let state = Mutex<(isClosed: Bool, actions: [@Sendable () -> Void])>((false, []))

    init() {}

    /// Runs the action when the client has closed the connection; at once if it has already.
    ///
    /// A client that closes only its sending side counts as well: the system does not tell the two apart.
    public func onClose(_ action: @escaping @Sendable () -> Void) {
        let isClosed = state.withLock { state in
            if !state.isClosed { state.actions.append(action) }
            return state.isClosed
        }
        if isClosed { action() }
    }

    func closed() {
        let actions = state.withLock { state in
            state.isClosed = true
            defer { state.actions = [] }
            return state.actions
        }
        for action in actions { action() }
    }
}
