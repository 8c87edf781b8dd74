// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A named place at which a process kills itself, the n-th time that it comes by: `afterPublish:3`.
package final class CrashPoint: Sendable {
    private let name: String
    private let left: Mutex<Int>

    /// - Parameter text: nil: it never happens.
    package init(_ text: String?) {
        let parts = (text ?? "").split(separator: ":")
        name = parts.first.map(String.init) ?? ""
        left = Mutex(parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
    }

    /// Says that the process has come to a place; where it is the one, this does not return.
    package func reach(_ place: String) {
        guard place == name else { return }
        let isTime = left.withLock { left in
            left -= 1
            return left == 0
        }
        // Nothing of the process runs after it: no buffer is written, no socket closed politely.
        if isTime { kill(getpid(), SIGKILL) }
    }
}
