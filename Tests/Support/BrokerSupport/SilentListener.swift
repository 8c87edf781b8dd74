// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Accepts connections at a loopback address and never sends anything, like a host that hangs.
public final class SilentListener: Sendable {
    public let port: UInt16
    private let listener: Int32
    private let connections = Mutex<[Int32]>([])

    /// - Parameters:
    ///   - address: such as `127.0.0.2`.
    ///   - port: the port; 0: a free one.
    public init(_ address: String, port: UInt16 = 0) throws {
        let listener = socket(
            AF_INET,
            Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var place = sockaddr_in()
        place.sin_family = sa_family_t(AF_INET)
        place.sin_port = port.bigEndian
        guard listener >= 0, inet_pton(AF_INET, address, &place.sin_addr) == 1 else {
            throw POSIXError(.EADDRNOTAVAIL)
        }
        var reuse: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &place) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(listener, address, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, address, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        self.listener = listener
        self.port = UInt16(bigEndian: place.sin_port)
    }

    /// The number of new connections since the last call; the kernel has accepted them before.
    public func newConnections() -> Int {
        connections.withLock { connections in
            let before = connections.count
            while case let connection = accept(listener, nil, nil), connection >= 0 {
                connections.append(connection)
            }
            return connections.count - before
        }
    }

    deinit {
        connections.withLock { for connection in $0 { close(connection) } }
        close(listener)
    }
}
