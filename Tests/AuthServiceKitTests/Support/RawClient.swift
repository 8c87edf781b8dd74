// SPDX-License-Identifier: Apache-2.0
import Foundation

/// A TCP client that sends exact bytes over its own connection.
final class RawClient: @unchecked Sendable {
    private let connection: Int32
    private let lock = NSLock()
    private var received = ""

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    init(port: Int) throws {
        connection = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port).bigEndian)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var patience = timeval(tv_sec: 30, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(connection, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(description: "connection failed") }
    }

    deinit { close(connection) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = Foundation.send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    }

    /// Closes the sending side.
    func endSending() { shutdown(connection, Int32(SHUT_WR)) }

    /// Returns what was received since the last call, through `end`; `nil`: until the server closes.
    func receive(until end: String?) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try self.receiveWaiting(until: end) }) }.start()
        }
    }

    private func receiveWaiting(until end: String?) throws -> String {
        try lock.withLock {
            var buffer = [UInt8](repeating: 0, count: 4096)
            while true {
                if let end, let range = received.range(of: end) {
                    defer { received = String(received[range.upperBound...]) }
                    return String(received[..<range.upperBound])
                }
                let count = recv(connection, &buffer, buffer.count, 0)
                if count == 0, end == nil { return received }
                guard count > 0 else {
                    throw Failure(description: "received \"\(received)\", then \(count), errno \(errno)")
                }
                received += String(decoding: buffer.prefix(count), as: UTF8.self)
            }
        }
    }
}
