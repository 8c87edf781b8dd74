// SPDX-License-Identifier: Apache-2.0
import CBare
import Foundation
import Synchronization

/// Measures this process's time and memory while it processes a given number of messages.
final class Meter: Sendable {
    private struct State {
        var count = 0
        var start: (now: UInt64, cpu: Double)?
        var end: (now: UInt64, cpu: Double)?
        var memory: [Double] = []
        var waiting: CheckedContinuation<Void, Never>?
    }

    let target: Int
    private let state = Mutex(State())

    init(target: Int) { self.target = target }

    /// Starts the clock; without this call it starts with the first message.
    func start() { state.withLock { $0.start = (bare_now(), bare_cpu()) } }

    /// Counts processed messages; those over the target are ignored.
    func count(_ more: Int = 1) {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.start == nil { state.start = (bare_now(), bare_cpu()) }
            let before = state.count
            state.count += more
            let step = max(1, target / 20)
            if before / step != state.count / step { state.memory.append(Self.residentMiB()) }
            guard before < target, state.count >= target else { return nil }
            state.end = (bare_now(), bare_cpu())
            defer { state.waiting = nil }
            return state.waiting
        }
        waiting?.resume()
    }

    var counted: Int { state.withLock { $0.count } }

    /// Waits until the target is reached.
    func reached() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.end == nil { state.waiting = continuation }
                return state.end != nil
            }
            if isOver { continuation.resume() }
        }
    }

    var outcome: Outcome {
        state.withLock { state in
            var outcome = Outcome()
            guard let start = state.start, let end = state.end else { return outcome }
            outcome.count = target
            outcome.seconds = Double(end.now - start.now) / 1e9
            outcome.cpu = end.cpu - start.cpu
            outcome.memory = state.memory
            return outcome
        }
    }

    static func residentMiB() -> Double {
        // /proc/self/statm: sizes in pages; the second number is the resident size.
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        return pages * Double(getpagesize()) / 1_048_576
    }
}
