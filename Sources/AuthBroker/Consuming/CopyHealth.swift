// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Whether copies can be republished.
final class CopyHealth: Sendable {
    private let state = Mutex<BrokerError?>(nil)

    /// Why the last copy could not be republished; nil if it was.
    var fault: BrokerError? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}
