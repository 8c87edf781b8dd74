// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthSignals
import AuthOperations
import Foundation
import Synchronization

/// The handlers of the dead letters that a command has seen: a `--handler` that none of them is of may be a typo.
final class SeenHandlers: Sendable {
    private let names = Mutex<Set<String>?>(nil)

    func see(_ letter: DeadLetter) {
        names.withLock { names in
            names = (names ?? []).union([letter.handler].compactMap(\.self))
        }
    }

    /// Names the handlers that exist, on standard error, if letters were seen and none of them is of the wanted one.
    func warn(of wanted: String?) {
        guard let wanted, let names = names.withLock({ $0 }), !names.contains(wanted) else { return }
        let others =
            names.isEmpty ? "none is of any handler" : "they are of \(names.sorted().joined(separator: ", "))"
        let line = "no dead letter is of the handler '\(wanted)'; \(others)".terminalSafe
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
