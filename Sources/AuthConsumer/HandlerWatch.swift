// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A handler did not return in time. It was cancelled; whether it heeds that is its own affair.
public struct HandlerTimeout: Error, Hashable, Sendable {
    /// How long it had.
    public var limit: Duration
}

/// Looks after the workers: one whose handler takes too long is left behind, and another goes on in its place.
///
/// One loop looks at all of them, so that a handler costs neither a task nor a timer of its own.
final class HandlerWatch: Sendable {
    /// How long a handler has.
    let limit: Duration
    private let workers = Mutex<[ObjectIdentifier: WatchedWorker]>([:])

    init(limit: Duration) { self.limit = limit }

    /// Runs a worker until it ends, is left behind, or the caller is cancelled.
    ///
    /// - Returns: where the handler took too long, what is still to be done; nil otherwise.
    func run(_ body: @escaping @Sendable (WatchedWorker) async -> Void) async -> Handling? {
        let worker = WatchedWorker()
        workers.withLock { $0[ObjectIdentifier(worker)] = worker }
        defer { workers.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(worker)) } }
        return await worker.run(body)
    }

    /// Looks until it is cancelled.
    func watch() async {
        let pause = min(max(limit / 20, .milliseconds(5)), .seconds(1))
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            let now = ContinuousClock.now
            for worker in workers.withLock({ Array($0.values) }) { worker.leaveBehind(ifLateAt: now) }
        }
    }
}
