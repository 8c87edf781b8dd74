// SPDX-License-Identifier: Apache-2.0
import CCurl
import Foundation

/// The thread of an ``HTTPConnections``: libcurl blocks, and Swift's cooperative thread pool must not.
///
/// Tasks submit transfers, and the thread lets all of them progress with one libcurl handle, which it alone uses. Each
/// `finish` is called exactly once: by the thread for a transfer that it has taken, otherwise by the caller of `submit`,
/// `cancel` or `close` that removed it. None is called under the lock. If the process dies, the requests in flight are
/// lost with it, and callers that must not lose them repeat them after a restart.
///
/// Unchecked: all mutable state is guarded by `condition`, except what `work` owns as local variables. Other threads only
/// wake the client, under the lock and while it exists.
final class TransferThread: @unchecked Sendable {
    typealias Outcome = Result<OutgoingResponse, HTTPFault>
    typealias Finish = @Sendable (Outcome) -> Void
    private struct Job: Sendable {
        let transfer: Transfer
        let finish: Finish
    }
    /// What the thread has to do next.
    private enum Step {
        case run(started: [Job], aborted: Set<UUID>)
        /// End, because no request came for a minute.
        case rest
        /// End, because of `close`.
        case close
    }

    /// How long the thread and the connections are kept without a request, in seconds.
    private static let idleLimit = 60.0

    private let connectTimeout: Duration
    private let condition = NSCondition()
    private var waiting: [Job] = []
    private var running: Set<UUID> = []
    private var aborted: Set<UUID> = []
    /// Transfers that were cancelled before they were submitted.
    private var cancelledEarly: Set<UUID> = []
    private var isClosed = false
    private var hasThread = false
    private var client: OpaquePointer?
    private var closers: [@Sendable () -> Void] = []

    init(connectTimeout: Duration) { self.connectTimeout = connectTimeout }

    // MARK: Any thread

    func submit(_ transfer: Transfer, finish: @escaping Finish) {
        let refusal: HTTPFault? = locked {
            if isClosed { return .shutDown }
            if cancelledEarly.remove(transfer.id) != nil { return .cancelled }
            waiting.append(Job(transfer: transfer, finish: finish))
            startThread()
            wake()
            return nil
        }
        if let refusal { finish(.failure(refusal)) }
    }

    func cancel(_ id: UUID) {
        let removed: Job? = locked {
            if let index = waiting.firstIndex(where: { $0.transfer.id == id }) {
                return waiting.remove(at: index)
            }
            if running.contains(id) {
                aborted.insert(id)
                wake()
            } else {
                cancelledEarly.insert(id)
            }
            return nil
        }
        removed?.finish(.failure(.cancelled))
    }

    /// Called after `finish`, when no `cancel` can follow.
    func forget(_ id: UUID) { locked { _ = cancelledEarly.remove(id) } }

    /// Fails all transfers and ends the thread.
    ///
    /// - Parameter closed: called when the connections are closed.
    func close(_ closed: @escaping @Sendable () -> Void = {}) {
        let (refused, isOver): ([Job], Bool) = locked {
            isClosed = true
            defer { waiting = [] }
            if hasThread { closers.append(closed) }
            wake()
            return (waiting, !hasThread)
        }
        for job in refused { job.finish(.failure(.shutDown)) }
        if isOver { closed() }
    }

    private func locked<R>(_ body: () -> R) -> R {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    /// Called under the lock.
    private func wake() {
        condition.signal()
        if let client { ccurl_http_wake(client) }
    }

    /// Called under the lock.
    private func startThread() {
        guard !hasThread else { return }
        hasThread = true
        let thread = Thread { self.work() }
        thread.name = "auth.http"
        thread.start()
    }

    // MARK: The thread

    private func work() {
        var own = ccurl_http_new()
        locked { client = own }
        var jobs: [OpaquePointer: Job] = [:]
        var isClosing = false
        loop: while true {
            switch next(isIdle: jobs.isEmpty) {
            case .rest: break loop
            case .close:
                isClosing = true
                break loop
            case .run(let started, let aborted):
                for job in started {
                    if let handle = start(job, on: own) { jobs[handle] = job }
                }
                for id in aborted {
                    guard let handle = jobs.first(where: { $0.value.transfer.id == id })?.key else {
                        continue
                    }
                    end(jobs.removeValue(forKey: handle), handle, .failure(.cancelled))
                }
            }
            guard let current = own, !jobs.isEmpty else { continue }
            if ccurl_http_run(current, 1000) {
                while let handle = ccurl_http_next(current) {
                    let job = jobs.removeValue(forKey: handle)
                    end(job, handle, job?.transfer.outcome(of: handle) ?? .failure(.libraryFailed))
                }
            } else {
                for (handle, job) in jobs { end(job, handle, .failure(.libraryFailed)) }
                jobs = [:]
                // Later requests do not depend on a handle that has failed.
                locked { client = nil }
                ccurl_http_free(current)
                own = ccurl_http_new()
                locked { client = own }
            }
        }
        for (handle, job) in jobs { end(job, handle, .failure(.shutDown)) }
        if let own { ccurl_http_free(own) }
        guard isClosing else { return }
        let waiters = locked { () -> [@Sendable () -> Void] in
            defer { (hasThread, closers) = (false, []) }
            return closers
        }
        for closed in waiters { closed() }
    }

    /// Waits for work if no transfer is in flight.
    private func next(isIdle: Bool) -> Step {
        locked {
            let limit = Date(timeIntervalSinceNow: Self.idleLimit)
            var isOver = false
            while isIdle, waiting.isEmpty, aborted.isEmpty, !isClosed, !isOver {
                isOver = !condition.wait(until: limit)
            }
            if isClosed {
                client = nil
                return .close
            }
            if isIdle, waiting.isEmpty, aborted.isEmpty {
                client = nil
                // A later transfer starts another thread, with connections of its own.
                hasThread = false
                return .rest
            }
            defer { (waiting, aborted) = ([], []) }
            for job in waiting { running.insert(job.transfer.id) }
            return .run(started: waiting, aborted: aborted)
        }
    }

    private func start(_ job: Job, on client: OpaquePointer?) -> OpaquePointer? {
        guard let client, let handle = ccurl_transfer_new() else {
            end(job, nil, .failure(.libraryFailed))
            return nil
        }
        guard job.transfer.configure(handle, connectTimeout: connectTimeout) else {
            end(job, handle, .failure(.unusable))
            return nil
        }
        guard ccurl_http_start(client, handle) == .ok else {
            end(job, handle, job.transfer.outcome(of: handle))
            return nil
        }
        return handle
    }

    /// Frees a transfer, which aborts it if it is in flight, and reports its outcome.
    private func end(_ job: Job?, _ handle: OpaquePointer?, _ outcome: Outcome) {
        if let handle { ccurl_transfer_free(handle) }
        guard let job else { return }
        locked { _ = running.remove(job.transfer.id) }
        job.finish(outcome)
    }
}
