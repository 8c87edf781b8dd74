// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// Counts the deliveries whose last handler has returned and whose mark the inbox is committing, while their workers
/// handle other deliveries. Each is acknowledged after its commit; if the process dies before, it is redelivered and
/// handled again, like a delivery whose handler was still running.
final class SubmittedMarks: Sendable {
    private struct State {
        var count = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: The maximum number of submitted marks. Up to as many more deliveries are handled again after
    ///   a crash.
    init(limit: Int) { self.limit = limit }

    /// - Returns: Whether a mark may be submitted; then ``end()`` must be called after its commit.
    func begin() -> Bool {
        state.withLock { state in
            guard state.count < limit else { return false }
            state.count += 1
            return true
        }
    }

    func end() {
        let waiting = state.withLock { state in
            state.count -= 1
            guard state.count == 0 else { return [CheckedContinuation<Void, Never>]() }
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Waits until no submitted mark is uncommitted.
    func drain() async {
        await withCheckedContinuation { continuation in
            let isDrained = state.withLock { state in
                if state.count > 0 { state.waiting.append(continuation) }
                return state.count == 0
            }
            if isDrained { continuation.resume() }
        }
    }
}

extension SignalDispatcher {
    /// Whether the worker may handle other deliveries while the inbox commits the mark of the current handler.
    ///
    /// It may if only the acknowledgement follows: a copy for another handler must not be published before the mark is
    /// committed. A delivery that may crash the process is settled before others start.
    func maySubmitMark(_ inFlight: InFlightDelivery) -> Bool {
        inFlight.isAtLastHandler && inFlight.copies.isEmpty && !source.isStrictlyOrdered
            && !SubjectScheduler.mayBePoison(inFlight.delivery)
    }

    /// Submits the mark of the last handler, and acknowledges the delivery after its commit. Waits for it if too many
    /// are not committed yet.
    func settleAfterMark(_ inFlight: InFlightDelivery, _ entry: HandlerTable.Entry) async {
        guard submittedMarks.begin() else {
            await runner.mark(entry.handler, inFlight.event)
            return await settle(inFlight)
        }
        runner.submitMark(entry.handler, inFlight.event) { [source, submittedMarks] in
            source.acknowledge(inFlight.delivery)
            inFlight.span?.end()
            submittedMarks.end()
        }
    }

    /// Settles the deliveries that are handled, so that they are not redelivered if the process dies.
    func settleEarlier() async {
        await submittedMarks.drain()
        await source.flush()
    }
}
