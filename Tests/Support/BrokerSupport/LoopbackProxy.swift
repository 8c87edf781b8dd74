// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#endif

/// Forwards connections to a port on loopback, so that a test can cut or block them without disturbing other tests
/// of the same broker.
public final class LoopbackProxy: Sendable {
    /// The port that the proxy listens on.
    public let port: UInt16
    private let target: UInt16?
    private let listener: Int32
    private let readsFrames: Bool
    private let state = Mutex(State())

    private struct State {
        var isDown = false
        var isSilent = false
        var isDeaf = false
        /// The number of deliveries and confirms that are still to be dropped.
        var toSwallow = 0
        /// The number of cuts and resets so far: existing connections end once they see a change.
        var cuts = 0
        var resets = 0
        var isClosed = false
        var sockets: Set<Int32> = []
    }

    /// - Parameters:
    ///   - target: the port to forward to.
    ///   - readsFrames: whether the target speaks AMQP without TLS, so that ``swallow(_:)`` can be used.
    public convenience init(to target: UInt16, readsFrames: Bool = false) throws {
        try self.init(target, readsFrames)
    }

    /// A listener that accepts connections and never sends anything.
    public static func silent() throws -> LoopbackProxy { try LoopbackProxy(nil, false) }

    private init(_ target: UInt16?, _ readsFrames: Bool) throws {
        let listener = Self.tcpSocket()
        port = try Self.listen(listener)
        self.target = target
        self.readsFrames = readsFrames
        self.listener = listener
        Thread.detachNewThread { self.accept() }
    }

    /// Closes every connection; new ones are forwarded.
    public func cut() {
        state.withLock { state in
            state.cuts += 1
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Closes every connection and refuses new ones, or accepts them again.
    public func setDown(_ isDown: Bool) {
        state.withLock { $0.isDown = isDown }
        if isDown { cut() }
    }

    /// Stops or resumes forwarding the target's bytes; connections stay open. Nothing is dropped: as with TCP, delayed
    /// bytes arrive later, unless the connection has ended by then.
    public func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    /// Stops or resumes reading from the client; connections stay open, so the client's socket buffer fills up.
    public func setDeaf(_ isDeaf: Bool) { state.withLock { $0.isDeaf = isDeaf } }

    /// Drops the next deliveries and confirms of the target as whole frames and forwards everything else. A network
    /// cannot do this, only a faulty broker.
    ///
    /// - Parameter count: the number to drop; it replaces the remaining number of an earlier call.
    public func swallow(_ count: Int) { state.withLock { $0.toSwallow = count } }

    /// The number of deliveries and confirms that are still to be dropped.
    public var leftToSwallow: Int { state.withLock { $0.toSwallow } }

    /// Ends every connection with RST instead of FIN, like a crash of the peer's host; new ones are forwarded.
    public func reset() { state.withLock { $0.resets += 1 } }

    /// Closes the listener and all connections.
    public func close() {
        state.withLock { $0.isClosed = true }
        cut()
        shutdown(listener, Int32(SHUT_RDWR))
    }

    // MARK: Threads

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

    /// Forwards bytes in both directions until either side ends, or until a cut or reset.
    private func forward(_ client: Int32, _ server: Int32) {
        let (cuts, resets) = state.withLock { ($0.cuts, $0.resets) }
        var sieve = FrameSieve()
        var buffer = [UInt8](repeating: 0, count: 65536)
        let sockets = [client, server]
        var ends = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        forwarding: while poll(&ends, 2, 20) >= 0 {
            let now = state.withLock { $0 }
            if now.resets != resets {
                // With a linger time of 0, closing sends RST.
                var linger = linger(l_onoff: 1, l_linger: 0)
                for socket in sockets {
                    setsockopt(
                        socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                }
                break
            }
            if now.cuts != cuts { break }
            // Bytes that are not forwarded stay in the kernel's buffer; poll ignores a descriptor of -1.
            let isHeld = [now.isDeaf, now.isSilent]
            for (from, to) in [(0, 1), (1, 0)] where ends[from].revents != 0 && !isHeld[from] {
                let count = recv(sockets[from], &buffer, buffer.count, 0)
                guard count > 0 else { break forwarding }
                var bytes = buffer[..<count]
                if from == 1, readsFrames { bytes = sieve.pass(bytes) { swallows() }[...] }
                guard Self.sendAll(sockets[to], bytes) else { break forwarding }
            }
            for from in 0..<2 {
                ends[from].fd = isHeld[from] ? -1 : sockets[from]
                ends[from].revents = 0
            }
        }
        state.withLock { state in
            state.sockets.subtract([client, server])
            _ = Glibc.close(client)
            _ = Glibc.close(server)
        }
    }

    private func swallows() -> Bool {
        state.withLock { state in
            guard state.toSwallow > 0 else { return false }
            state.toSwallow -= 1
            return true
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

    /// Makes a socket listen on a free loopback port.
    ///
    /// - Returns: the port.
    static func listen(_ listener: Int32) throws -> UInt16 {
        var address = loopback(0)
        let bound = withAddress(&address) { bind(listener, $0, $1) }
        guard listener >= 0, bound == 0, Glibc.listen(listener, 64) == 0 else {
            throw POSIXError(.EADDRNOTAVAIL)
        }
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(listener, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    static func tcpSocket() -> Int32 {
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
