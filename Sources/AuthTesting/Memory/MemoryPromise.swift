// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// The future outcomes of a batch.
final class MemoryPromise: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<[PublishOutcome], Never>)
        case known([PublishOutcome])
    }
    private let state = Mutex(State.open)

    func fulfil(_ outcomes: [PublishOutcome]) {
        let waiter = state.withLock { state -> CheckedContinuation<[PublishOutcome], Never>? in
            defer { state = .known(outcomes) }
            if case .awaited(let continuation) = state { return continuation }
            return nil
        }
        waiter?.resume(returning: outcomes)
    }

    func outcomes() async -> [PublishOutcome] {
        await withCheckedContinuation { continuation in
            let known = state.withLock { state -> [PublishOutcome]? in
                if case .known(let outcomes) = state { return outcomes }
                state = .awaited(continuation)
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }
}
