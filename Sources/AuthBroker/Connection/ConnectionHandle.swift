// SPDX-License-Identifier: Apache-2.0
import CRabbitMQ

/// Owns one CRabbitMQ connection object, which can be opened repeatedly.
///
/// `@unchecked`: all calls are made by the connection's thread, through ``Channel``, except `wake()` and
/// `interrupt()`, which CRabbitMQ makes thread-safe.
package final class ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted`` without memory or file descriptors.
    package convenience init() throws(BrokerError) { try self.init(crmq_new()) }

    /// - Parameter pointer: The result of `crmq_new()`; nil if it failed.
    init(_ pointer: OpaquePointer?) throws(BrokerError) {
        guard let pointer else {
            throw BrokerError(
                .exhausted,
                "out of memory or file descriptors for a connection: raise the process's limits (ulimit -n)"
            )
        }
        self.pointer = pointer
    }

    deinit { crmq_free(pointer) }

    /// Wakes the thread from its wait.
    func wake() { crmq_wake(pointer) }

    /// Aborts the thread's current and all later calls on the connection.
    func interrupt() { crmq_interrupt(pointer) }
}
