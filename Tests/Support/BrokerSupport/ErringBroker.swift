// SPDX-License-Identifier: Apache-2.0
import Foundation
import Synchronization
import ToolSupport

#if canImport(Glibc)
    import Glibc
#endif

/// A broker on loopback that speaks AMQP 0-9-1 as far as a publisher and a consumer of ours use it, and that errs
/// at random while it is told to: what it sends then is well formed, or nearly, and must not be.
///
/// It has one queue. What is published to it is stored and confirmed; what is consumed stays until it is
/// acknowledged, and is delivered again on the next connection. So afterwards it is known what was lost.
public final class ErringBroker: Sendable {
    /// A message of the queue.
    public struct Message: Sendable {
        public var id: String
        public var routingKey: String
        public var body: [UInt8]
        /// Whether it was sent damaged, so that nobody can know what becomes of it.
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
        /// Bodies that were published, by their message's id; each was stored before it was confirmed.
        var stored: [String: Int] = [:]
        var storedBodies: Set<[UInt8]> = []
        var settled: [Message] = []
        var faults: [String] = []
        var errors: [String: Int] = [:]
        var connections = 0
        /// How many messages are delivered and not settled.
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

    /// How many messages are in the queue, or delivered and not settled.
    public var left: Int { state.withLock { $0.waiting.count + $0.inFlight } }
    /// What was acknowledged, or rejected.
    public var settled: [Message] { state.withLock { $0.settled } }
    /// The ids of what was published, with how often.
    public var stored: [String: Int] { state.withLock { $0.stored } }
    /// The bodies of what was published: a copy whose message id was damaged is known by its body.
    public var storedBodies: Set<[UInt8]> { state.withLock { $0.storedBodies } }
    /// What a client did that it must not, such as settling a delivery that it cannot have had.
    public var faults: [String] { state.withLock { $0.faults } }
    /// How it erred, with how often.
    public var errors: [String: Int] { state.withLock { $0.errors } }
    public var connections: Int { state.withLock { $0.connections } }

    // MARK: On threads of its own

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
