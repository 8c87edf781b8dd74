// SPDX-License-Identifier: Apache-2.0
import AuthBrokerTools
import AuthSignals
import AuthServiceKit
import Foundation
import Synchronization

/// Collects the handlers of all inspected dead letters, since a `--handler` that matches none of them may be a typo.
final class DeadLetterHandlers: Sendable {
    private let names = Mutex<Set<String>?>(nil)

    func insert(_ letter: DeadLetter) {
        names.withLock { names in
            names = (names ?? []).union([letter.handler].compactMap(\.self))
        }
    }

    /// Prints the existing handlers on standard error, if dead letters were inspected and none has the wanted handler.
    func warnIfUnknown(_ wanted: String?) {
        guard let wanted, let names = names.withLock({ $0 }), !names.contains(wanted) else { return }
        let others =
            names.isEmpty
            ? "none has a handler" : "existing handlers: \(names.sorted().joined(separator: ", "))"
        let line = "no dead letter has the handler '\(wanted)'; \(others)".terminalSafe
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }
}
