// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Forwards connections to a port on loopback, so that a test can cut them, and keep them cut, without disturbing
/// other tests of the same broker.
public final class LoopbackProxy: Sendable {
    /// Where to connect to.
    public let port: UInt16
    private let target: UInt16?
    private let listener: Int32
    private let state = Mutex(State())

    private struct State {
        var isDown = false
        var isSilent = false
        var isDeaf = false
        /// Grows with every reset: connections of an earlier time end as soon as they notice.
        var resets = 0
        var isClosed = false
        var sockets: Set<Int32> = []
    }

    /// - Parameter target: the port to forward to.
    public convenience init(to target: UInt16) throws { try self.init(target) }

    /// One that accepts connections and never says a word.
    public static func silent() throws -> LoopbackProxy { try LoopbackProxy(nil) }

    private init(_ target: UInt16?) throws {
        let listener = Self.tcpSocket()
        var address = Self.loopback(0)
        let bound = Self.withAddress(&address) { bind(listener, $0, $1) }
        guard listener >= 0, bound == 0, listen(listener, 64) == 0 else { throw POSIXError(.EADDRNOTAVAIL) }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        self.target = target
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.accept() }
    }

    /// Cuts every connection; new ones pass.
    public func cut() {
        state.withLock { state in
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Cuts every connection and lets none come about, or lets them come about again.
    public func setDown(_ isDown: Bool) {
        state.withLock { $0.isDown = isDown }
        if isDown { cut() }
    }

    /// Carries nothing from the target any more, while connections stay open, or carries what comes again.
    public func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    /// Takes nothing from the client any more, while connections stay open: the client's socket fills up. Or
    /// takes what there is again.
    public func setDeaf(_ isDeaf: Bool) { state.withLock { $0.isDeaf = isDeaf } }

    /// Ends every connection as a crash of the peer's host does, with RST instead of FIN; new ones pass.
    public func reset() { state.withLock { $0.resets += 1 } }

    /// Ends it.
    public func close() {
        state.withLock { $0.isClosed = true }
        cut()
        shutdown(listener, Int32(SHUT_RDWR))
    }

    // MARK: On threads of its own

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client < 0 { break }
            guard let target else {
                state.withLock { _ = $0.sockets.insert(client) }
                continue
            }
            let server = Self.tcpSocket()
            var address = Self.loopback(target)
            let isConnected = Self.withAddress(&address) { connect(server, $0, $1) } == 0
            let passes = state.withLock { state in
                guard isConnected, !state.isDown, !state.isClosed else { return false }
                state.sockets.formUnion([client, server])
                return true
            }
            if passes {
                Thread.detachNewThread { self.forward(client, server) }
            } else {
                _ = Glibc.close(client)
                _ = Glibc.close(server)
            }
        }
        _ = Glibc.close(listener)
    }

    /// Carries bytes both ways until either side ends, or all are reset.
    private func forward(_ client: Int32, _ server: Int32) {
        let resets = state.withLock { $0.resets }
        var buffer = [UInt8](repeating: 0, count: 65536)
        var ends = [
            pollfd(fd: client, events: Int16(POLLIN), revents: 0),
            pollfd(fd: server, events: Int16(POLLIN), revents: 0),
        ]
        forwarding: while poll(&ends, 2, 20) >= 0 {
            let (isDeaf, isReset) = state.withLock { ($0.isDeaf, $0.resets != resets) }
            if isReset {
                // With nothing left to linger for, closing sends RST.
                var linger = linger(l_onoff: 1, l_linger: 0)
                for end in ends {
                    setsockopt(
                        end.fd, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                }
                break
            }
            ends[0].events = isDeaf ? 0 : Int16(POLLIN)
            for (from, to) in [(0, 1), (1, 0)] where ends[from].revents != 0 {
                let count = recv(ends[from].fd, &buffer, buffer.count, 0)
                if from == 1, count > 0, state.withLock({ $0.isSilent }) { continue }
                guard count > 0, Self.sendAll(ends[to].fd, buffer[..<count]) else { break forwarding }
            }
        }
        state.withLock { state in
            state.sockets.subtract([client, server])
            _ = Glibc.close(client)
            _ = Glibc.close(server)
        }
    }

    private static func sendAll(_ socket: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            if count <= 0 { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    private static func tcpSocket() -> Int32 {
        socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func loopback(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return address
    }

    private static func withAddress(
        _ address: inout sockaddr_in, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) -> Int32 {
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
