// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

/// A named point at which a process kills itself when it reaches it for the n-th time: `afterPublish:3`.
package final class CrashPoint: Sendable {
    private let name: String
    private let left: Mutex<Int>

    /// - Parameter text: the point and its count; `nil`: the process never kills itself.
    package init(_ text: String?) {
        let parts = (text ?? "").split(separator: ":")
        name = parts.first.map(String.init) ?? ""
        left = Mutex(parts.count == 2 ? Int(parts[1]) ?? 1 : 1)
    }

    /// Marks a point in the code. It does not return if this is the point at which to crash.
    package func reach(_ place: String) {
        guard place == name else { return }
        let isTime = left.withLock { left in
            left -= 1
            return left == 0
        }
        // Nothing runs after it: no buffer is flushed, no connection is closed cleanly.
        if isTime { kill(getpid(), SIGKILL) }
    }
}
