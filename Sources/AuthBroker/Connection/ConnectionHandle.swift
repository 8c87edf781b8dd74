// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

/// Owns one connection of the C face, which can be opened again and again.
///
/// Unchecked: all calls are made by the connection's thread, through ``Channel``; only waking and interrupting
/// are for others, and the C face locks for them.
final class ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted`` where memory or file descriptors are.
    convenience init() throws(BrokerError) { try self.init(crmq_new()) }

    /// - Parameter pointer: what the C face has made; nil where it could not.
    init(_ pointer: OpaquePointer?) throws(BrokerError) {
        guard let pointer else {
            throw BrokerError(
                .exhausted,
                "no memory or file descriptor is left for a connection: raise the process's limits (ulimit -n)"
            )
        }
        self.pointer = pointer
    }

    deinit { crmq_free(pointer) }

    /// Makes the thread look at its work soon.
    func wake() { crmq_wake(pointer) }

    /// Ends for good whatever the thread is doing with the connection.
    func interrupt() { crmq_interrupt(pointer) }
}
