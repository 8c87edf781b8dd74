// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A batch in flight, with the promise of its outcomes. It is settled by one thread and awaited by one task.
final class PublishBatch: Sendable {
    let messages: [SignalMessage]
    private let state: Mutex<State>

    private struct State {
        var outcomes: [PublishOutcome?]
        var open: Int
        var waiting: CheckedContinuation<[PublishOutcome], Never>?
    }

    init(_ messages: [SignalMessage]) {
        self.messages = messages
        state = Mutex(State(outcomes: Array(repeating: nil, count: messages.count), open: messages.count))
    }

    /// Sets the outcome of a message; only the first call has an effect.
    func settle(_ index: Int, _ outcome: PublishOutcome) {
        let done = state.withLock {
            state -> (CheckedContinuation<[PublishOutcome], Never>, [PublishOutcome])? in
            guard state.outcomes[index] == nil else { return nil }
            state.outcomes[index] = outcome
            state.open -= 1
            guard state.open == 0, let waiting = state.waiting else { return nil }
            state.waiting = nil
            return (waiting, state.outcomes.compactMap(\.self))
        }
        if let (waiting, outcomes) = done { waiting.resume(returning: outcomes) }
    }

    /// Sets the outcome of every message that has none yet.
    func settleRest(_ outcome: PublishOutcome) {
        for index in messages.indices { settle(index, outcome) }
    }

    /// Waits until all outcomes are known.
    func outcomes() async -> [PublishOutcome] {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> [PublishOutcome]? in
                if state.open == 0 { return state.outcomes.compactMap(\.self) }
                state.waiting = continuation
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
