// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A handler did not return in time. It was cancelled, but may continue to run if it ignores cancellation.
public struct HandlerTimeout: Error, Hashable, Sendable {
    /// The time limit.
    public var limit: Duration
}

/// Enforces the handlers' time limit: a worker whose handler exceeds it is abandoned, and another one replaces it.
///
/// One loop checks all workers, so that a handler needs neither a task nor a timer of its own.
final class HandlerWatch: Sendable {
    /// The time limit of a handler.
    let limit: Duration
    private let workers = Mutex<[ObjectIdentifier: WatchedWorker]>([:])

    init(limit: Duration) { self.limit = limit }

    /// Runs a worker until it ends, is abandoned, or the caller is cancelled.
    ///
    /// - Returns: If the handler exceeded its limit, the delivery to continue with; otherwise nil.
    func run(_ body: @escaping @Sendable (WatchedWorker) async -> Void) async -> InFlightDelivery? {
        let worker = WatchedWorker()
        workers.withLock { $0[ObjectIdentifier(worker)] = worker }
        defer { workers.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(worker)) } }
        return await worker.run(body)
    }

    /// Checks the workers until it is cancelled.
    func watch() async {
        let pause = min(max(limit / 20, .milliseconds(5)), .seconds(1))
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            let now = ContinuousClock.now
            for worker in workers.withLock({ Array($0.values) }) { worker.abandon(ifLateAt: now) }
        }
    }
}
