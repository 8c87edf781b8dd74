// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// Where deliveries pass from the consuming thread to the task that reads them, and settlements back.
///
/// What was delivered and not read yet is forgotten when its connection is lost: the broker delivers it again.
final class DeliveryGate: Sendable {
    /// What a task has decided about a delivery.
    typealias Settled = (number: UInt64, settlement: SettlementLedger.Settlement)
    /// Somebody who waits until the broker was told what was decided before.
    typealias Flush = CheckedContinuation<Void, Never>

    private struct State {
        var epoch: UInt64 = 0
        var isConnected = false
        var isTaking = true
        var hasEnded = false
        var buffer: [Delivery] = []
        var read = 0
        var settled: [Settled] = []
        /// From how many settlements on the thread must be woken.
        var wakeAt = 1
        var reader: CheckedContinuation<Void, Never>?
        var stopping: [CheckedContinuation<Void, Never>] = []
        /// Those that wait for the first connection.
        var awaitingConnection: [Int: CheckedContinuation<Void, any Error>] = [:]
        var lastWaiter = 0
        /// Those that wait until what they have settled was told.
        var flushing: [Flush] = []

        mutating func pop() -> Delivery {
            defer {
                read += 1
                if read == buffer.count {
                    buffer.removeAll(keepingCapacity: true)
                    read = 0
                }
            }
            return buffer[read]
        }

        mutating func popAll() -> [Delivery] {
            defer {
                buffer = []
                read = 0
            }
            return read == 0 ? buffer : Array(buffer[read...])
        }
    }

    private let state = Mutex(State())

    // MARK: From tasks

    /// The next delivery; nil after the last.
    func next() async -> Delivery? { await read { $0.pop() } }

    /// All deliveries that are there, at least one; nil after the last.
    func nextAll() async -> [Delivery]? { await read { $0.popAll() } }

    private func read<R: Sendable>(_ take: @Sendable (inout State) -> R) async -> R? {
        while true {
            let answer: R?? = state.withLock { state in
                if state.read < state.buffer.count { return .some(take(&state)) }
                return state.hasEnded || Task.isCancelled ? .some(nil) : nil
            }
            if let answer { return answer }
            await somethingToRead()
        }
    }

    private func somethingToRead() async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isThere = state.withLock { state in
                    if state.read < state.buffer.count || state.hasEnded || Task.isCancelled { return true }
                    state.reader = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            takeReader()?.resume()
        }
    }

    /// Returns when the first connection has come about.
    ///
    /// - Throws: `CancellationError`, also if none ever will.
    func awaitConnected() async throws {
        let number = state.withLock { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let answer: Result<Void, any Error>? = state.withLock { state in
                    if state.epoch > 0 { return .success(()) }
                    if Task.isCancelled || state.hasEnded { return .failure(CancellationError()) }
                    state.awaitingConnection[number] = continuation
                    return nil
                }
                if let answer { continuation.resume(with: answer) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.awaitingConnection.removeValue(forKey: number) }
            waiter?.resume(throwing: CancellationError())
        }
    }

    /// Whether the delivery belongs to the connection that we have.
    func isCurrent(_ tag: Delivery.Tag) -> Bool {
        state.withLock { $0.isConnected && $0.epoch == tag.epoch }
    }

    /// Takes in what was decided about a delivery.
    ///
    /// - Returns: whether the thread must be woken.
    func settle(_ tag: Delivery.Tag, _ settlement: SettlementLedger.Settlement) -> Bool {
        state.withLock { state in
            guard state.isConnected, state.epoch == tag.epoch else { return false }
            state.settled.append((tag.number, settlement))
            return state.settled.count == state.wakeAt
        }
    }

    /// Returns when the broker has been told what was decided before, or its connection is gone.
    ///
    /// - Parameter wake: wakes the thread.
    func flush(_ wake: () -> Void) async {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                if state.isConnected { state.flushing.append(continuation) }
                return state.isConnected
            }
            if mustWait { wake() } else { continuation.resume() }
        }
    }

    /// Returns when nothing more will be delivered.
    ///
    /// - Parameter wake: wakes the thread.
    func stopTaking(_ wake: () -> Void) async {
        state.withLock { $0.isTaking = false }
        wake()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                // Without a connection nothing is delivered, and there is no consumer to end.
                if state.isConnected, !state.hasEnded {
                    state.stopping.append(continuation)
                    return false
                }
                return true
            }
            if isOver {
                end()
                continuation.resume()
            }
        }
    }

    // MARK: From the consuming thread

    var isTaking: Bool { state.withLock { $0.isTaking } }

    /// A new connection: its number.
    func connected() -> UInt64 {
        let (epoch, waiters) = state.withLock { state in
            state.epoch += 1
            state.isConnected = true
            state.settled = []
            state.wakeAt = 1
            defer { state.awaitingConnection = [:] }
            return (state.epoch, Array(state.awaitingConnection.values))
        }
        for waiter in waiters { waiter.resume() }
        return epoch
    }

    func deliver(_ delivery: Delivery) { deliver([delivery]) }

    /// Hands over what has arrived together: the reader is woken once.
    func deliver(_ deliveries: [Delivery]) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.buffer.isEmpty { state.buffer = deliveries } else { state.buffer += deliveries }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Says how many settlements there must be before the thread is woken for them.
    ///
    /// - Returns: whether there are so many already.
    func wake(at count: Int) -> Bool {
        state.withLock { state in
            state.wakeAt = count
            return state.settled.count >= count
        }
    }

    /// What was decided since the last time, and who waits until it is told; the thread resumes them.
    func takeSettled() -> (settled: [Settled], flushes: [Flush]) {
        state.withLock { state in
            defer {
                state.settled.removeAll(keepingCapacity: true)
                state.flushing = []
            }
            return (state.settled, state.flushing)
        }
    }

    func disconnected() {
        let (mustEnd, flushes) = state.withLock { state in
            state.isConnected = false
            state.settled = []
            state.buffer = []
            state.read = 0
            defer { state.flushing = [] }
            return (!state.isTaking, state.flushing)
        }
        for flush in flushes { flush.resume() }
        if mustEnd { end() }
    }

    /// Nothing more comes: the stream ends after what has arrived.
    func end() {
        let (reader, stopping, waiters) = state.withLock { state in
            state.hasEnded = true
            state.isTaking = false
            defer {
                state.reader = nil
                state.stopping = []
                state.awaitingConnection = [:]
            }
            return (state.reader, state.stopping, Array(state.awaitingConnection.values))
        }
        for waiter in waiters { waiter.resume(throwing: CancellationError()) }
        reader?.resume()
        for continuation in stopping { continuation.resume() }
    }

    private func takeReader() -> CheckedContinuation<Void, Never>? {
        state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
    }
}
