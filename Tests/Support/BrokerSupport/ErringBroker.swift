// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import ToolSupport

#if canImport(Glibc)
    import Glibc
#endif

/// A broker on loopback that implements the part of AMQP 0-9-1 that our publisher and consumer use. While erring is
/// enabled, it makes random protocol errors with well-formed or almost well-formed frames.
///
/// It has one queue. Published messages are stored and confirmed. Delivered messages stay until they are acknowledged
/// and are redelivered on the next connection. A test can therefore find lost messages afterwards.
public final class ErringBroker: Sendable {
    /// A message in the queue.
    public struct Message: Sendable {
        public var id: String
        public var routingKey: String
        public var body: [UInt8]
        /// Whether it was sent damaged, so that its outcome is not defined.
        public internal(set) var wasDamaged = false

        public init(id: String, routingKey: String, body: [UInt8]) {
            self.id = id
            self.routingKey = routingKey
            self.body = body
        }
    }

    struct State {
        var isErring = false
        var isClosed = false
        var waiting: [Message] = []
        /// How often each message id was published; a message is stored before it is confirmed.
        var stored: [String: Int] = [:]
        var storedBodies: Set<[UInt8]> = []
        var settled: [Message] = []
        var faults: [String] = []
        var errors: [String: Int] = [:]
        var connections = 0
        /// The number of delivered messages that are not settled.
        var inFlight = 0
    }

    public let port: UInt16
    private let listener: Int32
    private let seed: UInt64
    let state = Mutex(State())

    public init(seed: UInt64) throws {
        let listener = LoopbackProxy.tcpSocket()
        port = try LoopbackProxy.listen(listener)
        self.listener = listener
        self.seed = seed
        Thread.detachNewThread { self.accept() }
    }

    // MARK: For the test

    /// Puts messages into the queue.
    public func put(_ messages: [Message]) { state.withLock { $0.waiting += messages } }

    public func setErring(_ isErring: Bool) { state.withLock { $0.isErring = isErring } }

    public func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
    }

    /// The number of messages in the queue or delivered and not settled.
    public var left: Int { state.withLock { $0.waiting.count + $0.inFlight } }
    /// The acknowledged and rejected messages.
    public var settled: [Message] { state.withLock { $0.settled } }
    /// How often each message id was published.
    public var stored: [String: Int] { state.withLock { $0.stored } }
    /// The published bodies, which identify a republished copy even if its message id was damaged.
    public var storedBodies: Set<[UInt8]> { state.withLock { $0.storedBodies } }
    /// The client's protocol violations, such as settling an unknown delivery.
    public var faults: [String] { state.withLock { $0.faults } }
    /// The errors that the broker made, with their counts.
    public var errors: [String: Int] { state.withLock { $0.errors } }
    public var connections: Int { state.withLock { $0.connections } }

    // MARK: Accept thread

    private func accept() {
        while true {
            let client = Glibc.accept(listener, nil, nil)
            if client < 0 { break }
            let (number, isClosed) = state.withLock { state in
                state.connections += 1
                return (state.connections, state.isClosed)
            }
            if isClosed {
                _ = Glibc.close(client)
                break
            }
            let random = SeededGenerator(seed: seed &+ UInt64(number) &* 0x9E37_79B9)
            Thread.detachNewThread { ErringConnection(self, client, random).run() }
        }
        _ = Glibc.close(listener)
    }
}
