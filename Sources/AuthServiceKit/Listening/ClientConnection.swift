// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// The connection of a client, with actions that run when the client closes it.
package final class ClientConnection: Sendable {
    private let state = Mutex<(isClosed: Bool, actions: [@Sendable () -> Void])>((false, []))

    init() {}

    /// Runs the action when the client closes the connection, or immediately if it is closed already.
    ///
    /// A client that closes only its sending side (half-close) counts as well: the server cannot tell the two apart.
    package func onClose(_ action: @escaping @Sendable () -> Void) {
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
