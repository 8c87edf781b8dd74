// SPDX-License-Identifier: Apache-2.0
import CPostgres
import Synchronization

/// Owns one connection object of CPostgres, which can be opened repeatedly.
///
/// `@unchecked`: all calls are made by the connection's thread, except `interrupt()`, which CPostgres makes thread-safe.
final class ConnectionHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    /// - Throws: ``PostgresError`` with code ``PostgresError/Code/unreachable`` without memory or file descriptors.
    init() throws(PostgresError) {
        guard let pointer = cpg_new() else { throw PostgresError(.noMemory, loginState: "") }
        self.pointer = pointer
    }

    deinit { cpg_free(pointer) }

    /// Aborts the thread's current and all later waits on the connection.
    func interrupt() { cpg_interrupt(pointer) }

    /// Connects to the first host of the URL that accepts the connection.
    ///
    /// - Throws: The error of the host that says most about what to change.
    func open(_ url: PostgresURL, timeout: Duration) throws(PostgresError) {
        var worst: PostgresError?
        for host in url.hosts {
            let status = Self.withOptions(url.options(for: host)) { options, count in
                cpg_open(pointer, options, count, (url.connectTimeout ?? timeout).wholeMilliseconds)
            }
            if status == .ok { return }
            let error = PostgresError(status, loginState: String(cString: cpg_fault_state(pointer)))
            if error.code == .closed { throw error }
            if worst == nil || worst?.code == .unreachable { worst = error }
        }
        throw worst ?? .lost
    }

    private static func withOptions<R>(
        _ options: [String: String], _ body: (UnsafePointer<CPGOption>?, Int) -> R
    ) -> R {
        // One buffer of C strings, so that the pointers are valid together.
        var bytes: [UInt8] = []
        var places: [(Int, Int)] = []
        for (keyword, value) in options {
            let first = bytes.count
            bytes += keyword.utf8 + [0]
            places.append((first, bytes.count))
            bytes += value.utf8 + [0]
        }
        return bytes.withUnsafeBytes { buffer in
            let text = buffer.assumingMemoryBound(to: CChar.self)
            let options = text.baseAddress.map { base in
                places.map { CPGOption(keyword: base + $0.0, value: base + $0.1) }
            }
            return (options ?? []).withUnsafeBufferPointer { body($0.baseAddress, $0.count) }
        }
    }
}

/// Cancels the statement that a connection runs, from another thread.
///
/// `@unchecked`: libpq's cancel object is made once for an open connection and never changes.
final class CancelHandle: @unchecked Sendable {
    private let pointer: OpaquePointer

    /// - Returns: nil without memory.
    init?(_ handle: ConnectionHandle) {
        guard let pointer = cpg_cancel_new(handle.pointer) else { return nil }
        self.pointer = pointer
    }

    deinit { cpg_cancel_free(pointer) }

    /// Blocks until the server has cancelled the statement, or until the kernel gives up the connection for it.
    func run() { _ = cpg_cancel_run(pointer) }
}

extension Duration {
    /// Rounded up, so that a short wait is not none.
    var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        guard seconds < 1 << 40 else { return 1 << 50 }
        return max(0, seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
