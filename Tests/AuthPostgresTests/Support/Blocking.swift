// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Synchronization

/// A value that a thread of its own waits for, as a connection's thread in a test.
final class Blocking<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)
    private let isThere = DispatchSemaphore(value: 0)

    func put(_ value: Value?) {
        self.value.withLock { $0 = value }
        isThere.signal()
    }

    /// - Returns: nil after 30 s.
    func take() -> Value? {
        guard isThere.wait(timeout: .now() + 30) == .success else { return nil }
        return value.withLock { $0 }
    }
}
