// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A thread-safe flag that can be set once.
final class Flag: Sendable {
    private let value = Atomic(false)

    var isSet: Bool { value.load(ordering: .acquiring) }
    func set() { value.store(true, ordering: .releasing) }
}
