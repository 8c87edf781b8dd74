// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// Where deliveries pass from the consuming thread to the task that reads them, and settlements back.
///
/// What was delivered and not read yet is forgotten when its connection is lost: the broker delivers it again.
final class DeliveryGate: Sendable {
    /// What a task has decided about a delivery.
    typealias Settled = (number: UInt64, settlement: SettlementLedger.Settlement)

    private struct State {
        var epoch: UInt64 = 0
        var isConnected = false
        var isTaking = true
        var hasEnded = false
        var buffer: [Delivery] = []
        var read = 0
        var settled: [Settled] = []
        var reader: CheckedContinuation<Delivery?, Never>?
        var stopping: [CheckedContinuation<Void, Never>] = []

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
    }

    private let state = Mutex(State())

    // MARK: From tasks

    /// The next delivery; nil after the last.
    func next() async -> Delivery? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Delivery?? = state.withLock { state in
                    if state.read < state.buffer.count { return .some(state.pop()) }
                    if state.hasEnded || Task.isCancelled { return .some(nil) }
                    state.reader = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            takeReader()?.resume(returning: nil)
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
            return state.settled.count == 1
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
        state.withLock { state in
            state.epoch += 1
            state.isConnected = true
            state.settled = []
            return state.epoch
        }
    }

    func deliver(_ delivery: Delivery) {
        let reader = state.withLock { state -> CheckedContinuation<Delivery?, Never>? in
            if let reader = state.reader {
                state.reader = nil
                return reader
            }
            state.buffer.append(delivery)
            return nil
        }
        reader?.resume(returning: delivery)
    }

    /// What was decided since the last time.
    func takeSettled() -> [Settled] {
        state.withLock { state in
            defer { state.settled.removeAll(keepingCapacity: true) }
            return state.settled
        }
    }

    func disconnected() {
        let mustEnd = state.withLock { state in
            state.isConnected = false
            state.settled = []
            state.buffer = []
            state.read = 0
            return !state.isTaking
        }
        if mustEnd { end() }
    }

    /// Nothing more comes: the stream ends after what has arrived.
    func end() {
        let (reader, stopping) = state.withLock { state in
            state.hasEnded = true
            state.isTaking = false
            defer {
                state.reader = nil
                state.stopping = []
            }
            return (state.reader, state.stopping)
        }
        reader?.resume(returning: nil)
        for continuation in stopping { continuation.resume() }
    }

    private func takeReader() -> CheckedContinuation<Delivery?, Never>? {
        state.withLock { state in
            defer { state.reader = nil }
            return state.reader
        }
    }
}
