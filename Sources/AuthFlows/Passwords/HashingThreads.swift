// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// The threads that passwords are hashed on, and their bounded queue.
///
/// A hash keeps a core busy for some tenths of a second. On one of libdispatch's threads it would block a thread of
/// Swift's executor, and every request, the relay and the mail loop would wait for whole hashes. These threads belong
/// to the hasher alone, and the scheduler prefers any other thread to them (``lowerPriority()``), so that hashing
/// uses only idle time.
///
/// A thread starts with the first job that needs it and ends when its `HashingThreads` is deallocated. A job starts
/// immediately if a thread is free. Otherwise it waits in the order of arrival, unless the queue is full: either it
/// has reached its limit of jobs, or the wait would exceed ``longestWait`` at the current average duration. A job
/// whose task is cancelled, or whose caller has disconnected (``CallerPresence``), is removed from the queue and never
/// run.
final class HashingThreads: Sendable {
    private let pool: Pool

    /// - Parameters:
    ///   - count: how many jobs run at a time, 1 or more.
    ///   - queueLimit: how many jobs may wait.
    ///   - longestWait: how long a job may wait.
    ///   - estimate: the assumed duration of a job, until the first ones are measured.
    ///   - now: the clock; tests replace it.
    init(
        count: Int, queueLimit: Int, longestWait: Duration, estimate: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }
    ) {
        pool = Pool(
            count: max(1, count), queueLimit: max(0, queueLimit), longestWait: longestWait,
            estimate: estimate, now: now)
    }

    deinit { pool.close() }

    /// How many jobs wait.
    var waitingCount: Int { pool.waitingCount }

    /// Runs the body on one of the threads.
    ///
    /// - Throws: ``PasswordHasherError`` if the queue is full; `CancellationError` if the task is cancelled or the
    ///   caller disconnects while the job waits; what the body throws.
    func run<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
        try Task.checkCancellation()
        let (pool, id, caller) = (pool, pool.makeID(), CallerPresence.current)
        let note = caller?.whenGone { pool.withdraw(id) }
        defer { if let note { caller?.forget(note) } }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                pool.add(
                    Job(
                        id: id, addedAt: pool.now(),
                        work: {
                            let result = Result(catching: body)
                            return { continuation.resume(with: result) }
                        }, refuse: { continuation.resume(throwing: $0) }))
                // The task may have been cancelled, or the caller may have disconnected, before the job was queued.
                if Task.isCancelled || caller?.isGone ?? false { pool.withdraw(id) }
            }
        } onCancel: {
            pool.withdraw(id)
        }
    }

    /// Lowers the scheduling priority of the calling thread below that of every other thread.
    ///
    /// On Linux a nice value belongs to a thread (setpriority(2), "C library/kernel differences").
    static func lowerPriority() {
        #if canImport(Darwin)
            pthread_set_qos_class_self_np(QOS_CLASS_UTILITY, 0)
        #else
            let process = __priority_which_t(PRIO_PROCESS.rawValue)
            setpriority(process, 0, min(19, getpriority(process, 0) + niceness))
        #endif
    }

    /// The difference between the nice value of the threads and that of the process. With 10, any other thread gets
    /// about ten times the CPU share of one of them. With 19, the maximum, log-ins would hang on a machine that is
    /// busy with other programs.
    static let niceness: Int32 = 10
}

/// One password to hash, and the callbacks to its caller.
private struct Job: Sendable {
    let id: UInt64
    let addedAt: ContinuousClock.Instant
    /// Does the work, and returns a closure that passes the result to the caller.
    let work: @Sendable () -> (@Sendable () -> Void)
    /// Throws an error to the caller instead.
    let refuse: @Sendable (any Error) -> Void
}

/// The state that the threads and the callers share. The threads retain it, so that it outlives its
/// `HashingThreads` until they have ended.
private final class Pool: Sendable {
    private struct State {
        var lastID: UInt64 = 0
        /// Jobs that are being run or that a thread is about to take from `started`.
        var busy = 0
        /// How many threads exist.
        var threads = 0
        var started: [Job] = []
        var waiting: [Job] = []
        /// The moving average of a job's duration.
        var average: Duration
    }

    let now: @Sendable () -> ContinuousClock.Instant
    private let count: Int
    private let queueLimit: Int
    private let longestWait: Duration
    private let state: Mutex<State>
    /// Signalled for each job in `started`, and for each thread that is to end.
    private let wakeUps = DispatchSemaphore(value: 0)

    init(
        count: Int, queueLimit: Int, longestWait: Duration, estimate: Duration,
        now: @escaping @Sendable () -> ContinuousClock.Instant
    ) {
        self.count = count
        self.queueLimit = queueLimit
        self.longestWait = longestWait
        self.now = now
        state = Mutex(State(average: estimate))
    }

    var waitingCount: Int { state.withLock { $0.waiting.count } }

    func makeID() -> UInt64 {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    // MARK: The callers' side

    func add(_ job: Job) {
        enum Outcome { case started(needsThread: Bool), waits, refused(PasswordHasherError) }
        let outcome: Outcome = state.withLock { state in
            if state.busy < count {
                state.busy += 1
                state.started.append(job)
                let needsThread = state.threads < state.busy
                if needsThread { state.threads += 1 }
                return .started(needsThread: needsThread)
            }
            let wait = state.average * (state.waiting.count + 1) / count
            guard state.waiting.count < queueLimit, wait <= longestWait else {
                return .refused(PasswordHasherError(after: wait))
            }
            state.waiting.append(job)
            return .waits
        }
        switch outcome {
        case .started(let needsThread):
            if needsThread { startThread() }
            wakeUps.signal()
        case .waits: break
        case .refused(let error): job.refuse(error)
        }
    }

    /// Removes a job from the queue if it still waits. A running job is not interrupted.
    func withdraw(_ id: UInt64) {
        let job = state.withLock { state in
            state.waiting.firstIndex { $0.id == id }.map { state.waiting.remove(at: $0) }
        }
        job?.refuse(CancellationError())
    }

    /// Ends the threads. The queue is empty at this point, because the caller of a job retains the `HashingThreads`.
    func close() {
        let threads = state.withLock { $0.threads }
        for _ in 0..<threads { wakeUps.signal() }
    }

    // MARK: The threads' side

    private func startThread() {
        let thread = Thread { self.runJobs() }
        thread.name = "hashing"
        thread.start()
    }

    private func runJobs() {
        HashingThreads.lowerPriority()
        while true {
            wakeUps.wait()
            guard var job = state.withLock({ $0.started.popLast() }) else {
                // Signalled without a job: the hasher is no longer in use.
                return
            }
            while let next = finish(job) { job = next }
        }
    }

    /// Runs a job.
    ///
    /// - Returns: the next job in the queue; nil if the queue is empty.
    private func finish(_ job: Job) -> Job? {
        let start = now()
        let handOver = job.work()
        let end = now()
        let (next, late, average) = state.withLock { state in
            state.average = (state.average * 4 + start.duration(to: end)) / 5
            // Jobs took longer than was estimated when these were queued, so they have waited too long.
            let fresh = state.waiting.firstIndex { $0.addedAt.duration(to: end) <= longestWait }
            let late = Array(state.waiting[..<(fresh ?? state.waiting.endIndex)])
            state.waiting.removeFirst(late.count)
            if state.waiting.isEmpty { state.busy -= 1 }
            let next = state.waiting.isEmpty ? nil : state.waiting.removeFirst()
            return (next, late, state.average)
        }
        // Resume the caller only now, when the slot of its job is free for its next one.
        handOver()
        for job in late { job.refuse(PasswordHasherError(after: average)) }
        return next
    }
}

extension PasswordHasherError {
    fileprivate init(after wait: Duration) {
        self.init(retryAfter: Int(max(1, (wait / .seconds(1)).rounded(.up))))
    }
}
