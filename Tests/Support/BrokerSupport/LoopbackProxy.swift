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
    private let readsFrames: Bool
    private let state = Mutex(State())

    private struct State {
        var isDown = false
        var isSilent = false
        var isDeaf = false
        /// How many deliveries and confirms are still to be swallowed.
        var toSwallow = 0
        /// Grow with every cut and every reset: connections of an earlier time end as soon as they notice.
        var cuts = 0
        var resets = 0
        var isClosed = false
        var sockets: Set<Int32> = []
    }

    /// - Parameters:
    ///   - target: The port to forward to.
    ///   - readsFrames: Whether the target speaks AMQP without TLS, so that ``swallow(_:)`` can be used.
    public convenience init(to target: UInt16, readsFrames: Bool = false) throws {
        try self.init(target, readsFrames)
    }

    /// One that accepts connections and never says a word.
    public static func silent() throws -> LoopbackProxy { try LoopbackProxy(nil, false) }

    private init(_ target: UInt16?, _ readsFrames: Bool) throws {
        let listener = Self.tcpSocket()
        port = try Self.listen(listener)
        self.target = target
        self.readsFrames = readsFrames
        self.listener = listener
        Thread.detachNewThread { self.accept() }
    }

    /// Cuts every connection; new ones pass.
    public func cut() {
        state.withLock { state in
            state.cuts += 1
            for socket in state.sockets { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }

    /// Cuts every connection and lets none come about, or lets them come about again.
    public func setDown(_ isDown: Bool) {
        state.withLock { $0.isDown = isDown }
        if isDown { cut() }
    }

    /// Holds back what the target sends, while connections stay open, or lets it pass. Nothing is dropped: as with
    /// TCP, what was held back arrives later, unless its connection has ended by then.
    public func setSilent(_ isSilent: Bool) { state.withLock { $0.isSilent = isSilent } }

    /// Takes nothing from the client any more, while connections stay open: the client's socket fills up. Or
    /// takes what there is again.
    public func setDeaf(_ isDeaf: Bool) { state.withLock { $0.isDeaf = isDeaf } }

    /// Drops the next deliveries and confirms that the target sends, each whole, and lets the rest of the same
    /// connection pass: what no network does, only an erring broker.
    ///
    /// - Parameter count: How many, in place of those that were not dropped yet.
    public func swallow(_ count: Int) { state.withLock { $0.toSwallow = count } }

    /// How many deliveries and confirms are still to be dropped.
    public var leftToSwallow: Int { state.withLock { $0.toSwallow } }

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

    /// Carries bytes both ways until either side ends, or all are cut or reset.
    private func forward(_ client: Int32, _ server: Int32) {
        let (cuts, resets) = state.withLock { ($0.cuts, $0.resets) }
        var sieve = FrameSieve()
        var buffer = [UInt8](repeating: 0, count: 65536)
        let sockets = [client, server]
        var ends = sockets.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        forwarding: while poll(&ends, 2, 20) >= 0 {
            let now = state.withLock { $0 }
            if now.resets != resets {
                // With nothing left to linger for, closing sends RST.
                var linger = linger(l_onoff: 1, l_linger: 0)
                for socket in sockets {
                    setsockopt(
                        socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
                }
                break
            }
            if now.cuts != cuts { break }
            // What is not to be carried stays where it is, in the kernel's buffer; an end of -1 is not looked at.
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

    /// Lets a socket listen on a free port of loopback.
    ///
    /// - Returns: The port.
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
