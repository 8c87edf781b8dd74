// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A buffer that passes deliveries from the consuming thread to the task that reads them, and settlements back.
///
/// Deliveries that were not read yet are dropped when their connection is lost: the broker redelivers them.
final class DeliveryBuffer: Sendable {
    /// A delivery's tag, and the settlement that a task made.
    typealias Settled = (number: UInt64, settlement: SettlementLedger.Settlement)
    /// A task that waits until the settlements made so far are sent.
    typealias Flush = CheckedContinuation<Void, Never>

    private struct State {
        var epoch: UInt64 = 0
        var isConnected = false
        var isTaking = true
        var hasEnded = false
        var buffer: [Delivery] = []
        var settled: [Settled] = []
        var mostBytes = 0
        /// The number of settlements at which the thread must be woken.
        var wakeAt = 1
        var reader: CheckedContinuation<Void, Never>?
        var stopping: [CheckedContinuation<Void, Never>] = []
        /// Tasks that wait for the first connection.
        var awaitingConnection = WaiterList()
        /// Tasks that wait until their settlements are sent.
        var flushing: [Flush] = []

        mutating func takeBuffer() -> [Delivery] {
            defer { buffer = [] }
            return buffer
        }
    }

    private let state = Mutex(State())

    // MARK: From tasks

    /// All buffered deliveries, at least one; nil after the last.
    func next() async -> [Delivery]? {
        while true {
            let answer: [Delivery]?? = state.withLock { state in
                if !state.buffer.isEmpty { return .some(state.takeBuffer()) }
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
                    if !state.buffer.isEmpty || state.hasEnded || Task.isCancelled { return true }
                    state.reader = continuation
                    return false
                }
                if isThere { continuation.resume() }
            }
        } onCancel: {
            takeReader()?.resume()
        }
    }

    /// Returns when the first connection is established.
    ///
    /// - Throws: `CancellationError`, also if the source was stopped before.
    func awaitConnected() async throws {
        try await state.wait(in: \.awaitingConnection) { state in
            if state.epoch == 0, state.hasEnded { throw CancellationError() }
            return state.epoch > 0
        }
    }

    /// The largest number of body bytes that were unsettled at the same time.
    var mostBytes: Int { state.withLock { $0.mostBytes } }

    /// Whether the delivery belongs to the current connection.
    func isCurrent(_ tag: Delivery.Tag) -> Bool {
        state.withLock { $0.isConnected && $0.epoch == tag.epoch }
    }

    /// Records a delivery's settlement.
    ///
    /// - Returns: Whether the thread must be woken.
    func settle(_ tag: Delivery.Tag, _ settlement: SettlementLedger.Settlement) -> Bool {
        state.withLock { state in
            guard state.isConnected, state.epoch == tag.epoch else { return false }
            state.settled.append((tag.number, settlement))
            return state.settled.count == state.wakeAt
        }
    }

    /// Returns when the settlements made so far are sent, or their connection is lost.
    ///
    /// - Parameter wake: Wakes the thread.
    func flush(_ wake: () -> Void) async {
        await withCheckedContinuation { continuation in
            let mustWait = state.withLock { state in
                if state.isConnected { state.flushing.append(continuation) }
                return state.isConnected
            }
            if mustWait { wake() } else { continuation.resume() }
        }
    }

    /// Stops consuming, and returns when nothing more will be delivered.
    ///
    /// - Parameter wake: Wakes the thread.
    func stopTaking(_ wake: () -> Void) async {
        state.withLock { $0.isTaking = false }
        wake()
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                // Without a connection nothing is delivered, and no consumer must be cancelled.
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

    /// A connection was established.
    ///
    /// - Returns: The connection's number (epoch), from 1.
    func connected() -> UInt64 {
        let (epoch, waiters) = state.withLock { state in
            state.epoch += 1
            state.isConnected = true
            state.settled = []
            state.wakeAt = 1
            return (state.epoch, state.awaitingConnection.removeAll())
        }
        for waiter in waiters { waiter.resume() }
        return epoch
    }

    func deliver(_ delivery: Delivery) { deliver([delivery]) }

    /// Passes on deliveries that arrived together: the reader is woken once.
    ///
    /// - Parameter mostBytes: The largest number of body bytes that were unsettled so far.
    func deliver(_ deliveries: [Delivery], mostBytes: Int = 0) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            state.mostBytes = max(state.mostBytes, mostBytes)
            if state.buffer.isEmpty { state.buffer = deliveries } else { state.buffer += deliveries }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Sets the number of settlements at which the thread is woken.
    ///
    /// - Returns: Whether that many exist already.
    func wake(at count: Int) -> Bool {
        state.withLock { state in
            state.wakeAt = count
            return state.settled.count >= count
        }
    }

    /// Takes the settlements made since the last call, and the tasks that wait until they are sent; the thread resumes
    /// those.
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
            defer { state.flushing = [] }
            return (!state.isTaking, state.flushing)
        }
        for flush in flushes { flush.resume() }
        if mustEnd { end() }
    }

    /// Ends the reading after the buffered deliveries.
    func end() {
        let (reader, stopping, waiters) = state.withLock { state in
            state.hasEnded = true
            state.isTaking = false
            defer {
                state.reader = nil
                state.stopping = []
            }
            return (state.reader, state.stopping, state.awaitingConnection.removeAll())
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
