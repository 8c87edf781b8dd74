// SPDX-License-Identifier: Apache-2.0
import AuthTelemetry
import AuthTesting

/// A time that passes only when a test advances it, or with each pause.
final class ManualTime: Sendable {
    private struct Sleeper {
        var id: Int
        var end: Duration
        var continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var elapsed = Duration.zero
        var sleepers: [Sleeper] = []
        var pauses: [Duration] = []
    }

    private let start = ContinuousClock.now
    private let passesWithPauses: Bool
    private let state = Locked(State())

    /// - Parameter passesWithPauses: whether a pause ends at once, and the time is then later by it.
    init(passesWithPauses: Bool = false) { self.passesWithPauses = passesWithPauses }

    var timer: TraceTimer {
        TraceTimer(now: { self.start + self.state.value.elapsed }, sleep: { try await self.sleep($0) })
    }

    /// All pauses that were begun.
    var pauses: [Duration] { state.value.pauses }
    /// How many pauses have not ended.
    var sleeping: Int { state.value.sleepers.count }

    func advance(by duration: Duration) {
        let due = state.change { state in
            state.elapsed += duration
            let end = state.elapsed
            defer { state.sleepers.removeAll { $0.end <= end } }
            return state.sleepers.filter { $0.end <= end }
        }
        for sleeper in due { sleeper.continuation.resume() }
    }

    private func sleep(_ duration: Duration) async throws {
        // The end is known when the pause begins: a test that sees the pause may advance the time before the
        // continuation exists.
        let (id, end) = state.change { state in
            state.pauses.append(duration)
            if passesWithPauses { state.elapsed += duration }
            return (state.pauses.count, state.elapsed + duration)
        }
        if passesWithPauses { return try Task.checkCancellation() }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.change { state in
                    if state.elapsed >= end { return true }
                    state.sleepers.append(Sleeper(id: id, end: end, continuation: continuation))
                    return false
                }
                if isOver {
                    continuation.resume()
                } else if Task.isCancelled {
                    cancel(id)
                }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func cancel(_ id: Int) {
        let cancelled = state.change { state in
            defer { state.sleepers.removeAll { $0.id == id } }
            return state.sleepers.filter { $0.id == id }
        }
        for sleeper in cancelled { sleeper.continuation.resume(throwing: CancellationError()) }
    }
}
