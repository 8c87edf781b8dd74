// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

/// Owns one connection of the C face, which can be opened again and again.
///
/// Unchecked: all calls are made by the connection's thread, through ``Channel``; only waking and interrupting
/// are for others, and the C face locks for them.
final class ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init() {
        guard let pointer = crmq_new() else { fatalError("no memory or file descriptor for a connection") }
        self.pointer = pointer
    }

    deinit { crmq_free(pointer) }

    /// Makes the thread look at its work soon.
    func wake() { crmq_wake(pointer) }

    /// Ends for good whatever the thread is doing with the connection.
    func interrupt() { crmq_interrupt(pointer) }
}
