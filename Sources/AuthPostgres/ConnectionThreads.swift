// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CPostgres
import Dispatch
import Foundation
import Logging
import Synchronization

/// Connections with a dedicated thread each, and a bounded queue of jobs for them.
///
/// libpq's calls block, and one connection belongs to one thread: neither suits Swift's cooperative pool. A thread starts
/// when there is more work than threads. It opens its connection for its first job, and again when it finds the
/// connection lost; while that fails, the thread is down and tries again with back-off. While all threads are down, jobs
/// fail at once.
///
/// Threads keep this object alive until ``close()``.
final class ConnectionThreads: Sendable {
    struct Settings: Sendable {
        var url: PostgresURL
        var connections: Int
        var queue: Int
        var patience: Duration
        var timeouts: PostgresTimeouts
        /// Whether a lost connection is opened again. Otherwise its loss ends everything.
        var reconnects = true
        /// Receives the statements that are sent.
        var observer = StatementObserver.current
    }

    private struct State {
        var queue: [Job] = []
        /// Free threads; the last one that became free is used first, so that few connections are used much.
        var free: [Member] = []
        var members: [Member] = []
        /// How many members cannot connect, and the last error.
        var down = 0
        var lastError: PostgresError?
        /// What ended everything.
        var end: PostgresError?
        var ended: [CheckedContinuation<Void, Never>] = []
        var losses = WaiterList()
    }

    /// A thread as the others see it.
    private final class Member: Sendable {
        let wake = DispatchSemaphore(value: 0)
        let handle: ConnectionHandle
        /// The job that the thread was woken for.
        let next = Mutex<Job?>(nil)

        init(_ handle: ConnectionHandle) { self.handle = handle }
    }

    /// Bodies of transactions run on these threads: as much as a main thread has.
    private static let stackSize = 8 << 20

    let settings: Settings
    private let logger: Logger
    private let state = Mutex(State())

    init(_ settings: Settings, logger: Logger) {
        self.settings = settings
        self.logger = logger
    }

    // MARK: Any thread

    /// Runs `body` on the thread of a free connection.
    ///
    /// - Throws: `PostgresError`, what `body` throws, or `CancellationError`.
    func perform<R: Sendable>(
        _ body: @escaping @Sendable (PostgresConnection) throws -> R
    ) async throws -> R {
        let started = Mutex<(job: Job?, isCancelled: Bool)>((nil, false))
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = Job { connection in
                    let result = Result { try body(connection) }
                    // The connection is clean before the caller goes on: its locks are free.
                    let isCancelled = connection.job?.isCancelled ?? false
                    connection.finishWork()
                    let converted = result.mapError { Self.convert($0, isCancelled) }
                    return { continuation.resume(with: converted) }
                } fail: {
                    continuation.resume(throwing: $0)
                }
                let isCancelled = started.withLock { started in
                    started.job = job
                    return started.isCancelled
                }
                if isCancelled { job.cancel() } else { submit(job) }
            }
        } onCancel: {
            let job = started.withLock { started in
                started.isCancelled = true
                return started.job
            }
            job?.cancel()
        }
    }

    /// The error of a statement that was cancelled on the server says so by its SQLSTATE only.
    private static func convert(_ error: any Error, _ isCancelled: Bool) -> any Error {
        isCancelled && (error as? PostgresError)?.state == "57014" ? CancellationError() : error
    }

    private enum Submission { case given(Member), queued, full, failed(PostgresError) }

    private func submit(_ job: Job) {
        let submission = state.withLock { state -> Submission in
            if let end = state.end { return .failed(end) }
            while let member = state.free.popLast() {
                member.next.withLock { $0 = job }
                return .given(member)
            }
            if let error = state.lastError, state.down > 0, state.down == state.members.count {
                return .failed(error)
            }
            if state.members.count < settings.connections {
                do throws(PostgresError) {
                    let member = Member(try ConnectionHandle())
                    member.next.withLock { $0 = job }
                    state.members.append(member)
                    let thread = Thread { self.run(member) }
                    thread.name = "postgres"
                    thread.stackSize = Self.stackSize
                    thread.start()
                    return .queued
                } catch {
                    if state.members.isEmpty { return .failed(error) }
                }
            }
            state.queue.removeAll { !$0.isWaiting }
            if state.queue.count >= settings.queue { return .full }
            state.queue.append(job)
            return .queued
        }
        switch submission {
        case .given(let member): member.wake.signal()
        case .failed(let error): job.fail(error)
        case .full:
            job.fail(PostgresError(.busy, "too much work waits for a connection; raise their number"))
        case .queued: limitWait(of: job)
        }
    }

    /// Ends a job that no connection takes in time.
    private func limitWait(of job: Job) {
        let patience = settings.patience
        Task {
            try? await Task.sleep(for: patience)
            job.fail(
                PostgresError(.busy, "no connection was free within \(patience); raise their number"))
        }
    }

    /// Ends everything: waiting jobs fail, running ones are finished, connections are closed.
    func close() { end(PostgresError(.closed, "the connection was closed")) }

    /// Aborts whatever the connections wait for.
    func interrupt() {
        for member in state.withLock({ $0.members }) { member.handle.interrupt() }
    }

    /// Returns when all threads have ended.
    func closed() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.members.isEmpty { return true }
                state.ended.append(continuation)
                return false
            }
            if isOver { continuation.resume() }
        }
    }

    /// Returns when everything has ended, or when the task is cancelled.
    func lost() async {
        try? await state.wait(in: \.losses) { $0.end != nil }
    }

    private func end(_ error: PostgresError) {
        let (jobs, members, waiters) = state.withLock { state in
            if state.end == nil { state.end = error }
            defer {
                state.queue = []
                state.free = []
            }
            return (state.queue, state.members, state.losses.removeAll())
        }
        for job in jobs { job.fail(error) }
        for member in members { member.wake.signal() }
        for waiter in waiters { waiter.resume() }
    }

    // MARK: On a thread

    private func run(_ member: Member) {
        var open: (connection: PostgresConnection, cancel: CancelHandle?)?
        while let job = nextJob(member) {
            guard job.take() else { continue }
            if let current = open, current.connection.isBroken || !cpg_is_alive(member.handle.pointer) {
                open = nil
                if !settings.reconnects {
                    end(.lost)
                    job.giveUp(PostgresError.lost)
                    continue
                }
            }
            if open == nil {
                do throws(PostgresError) {
                    open = try connect(member)
                } catch {
                    job.giveUp(error)
                    open = recover(member, error)
                    continue
                }
            }
            guard let current = open else { continue }
            let complete = job.run(on: current.connection, current.cancel)
            let isBroken = current.connection.isBroken
            if isBroken {
                cpg_close(member.handle.pointer)
                if !settings.reconnects { end(.lost) }
            }
            becomeFree(member, isConnected: !isBroken)
            complete()
        }
        open = nil
        cpg_close(member.handle.pointer)
        let waiting = state.withLock { state in
            state.members.removeAll { $0 === member }
            defer { if state.members.isEmpty { state.ended = [] } }
            return state.members.isEmpty ? state.ended : []
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Lets others give a job to the thread.
    ///
    /// - Parameter isConnected: Others are preferred to a thread that must connect first.
    private func becomeFree(_ member: Member, isConnected: Bool) {
        state.withLock { state in
            guard state.end == nil, state.queue.isEmpty else { return }
            if isConnected { state.free.append(member) } else { state.free.insert(member, at: 0) }
        }
    }

    /// Waits for a job.
    ///
    /// - Returns: nil at the end.
    private func nextJob(_ member: Member) -> Job? {
        while true {
            let (job, isOver) = state.withLock { state -> (Job?, Bool) in
                if let job = member.next.withLock({ $0.take() }) { return (job, false) }
                if state.end != nil { return (nil, true) }
                let place = state.free.firstIndex { $0 === member }
                if state.queue.isEmpty {
                    if place == nil { state.free.append(member) }
                    return (nil, false)
                }
                if let place { state.free.remove(at: place) }
                return (state.queue.removeFirst(), false)
            }
            if isOver { return nil }
            if let job { return job }
            member.wake.wait()
        }
    }

    private func connect(_ member: Member) throws(PostgresError) -> (PostgresConnection, CancelHandle?) {
        try member.handle.open(settings.url, timeout: settings.timeouts.connect)
        let connection = PostgresConnection(member.handle, url: settings.url, timeouts: settings.timeouts)
        try connection.identifyServer()
        connection.observer = settings.observer
        return (connection, CancelHandle(member.handle))
    }

    /// Tries to connect until it succeeds.
    ///
    /// - Returns: nil at the end.
    private func recover(_ member: Member, _ first: PostgresError) -> (PostgresConnection, CancelHandle?)? {
        if !settings.reconnects {
            end(first)
            return nil
        }
        wentDown(first)
        let backoff = Backoff(first: .milliseconds(50), limit: .seconds(2), jitter: 50)
        var failures = 1
        while !pause(member, backoff.delay(afterFailures: failures)) {
            do throws(PostgresError) {
                let open = try connect(member)
                cameUp()
                return open
            } catch {
                failures += 1
                state.withLock { $0.lastError = error }
            }
        }
        state.withLock { $0.down -= 1 }
        return nil
    }

    /// Waits between two attempts.
    ///
    /// - Returns: Whether everything has ended.
    private func pause(_ member: Member, _ duration: Duration) -> Bool {
        let isOver = { self.state.withLock { $0.end != nil } }
        if !isOver() {
            _ = member.wake.wait(timeout: .now() + .milliseconds(Int(duration.wholeMilliseconds)))
        }
        return isOver()
    }

    private func wentDown(_ error: PostgresError) {
        let (isFirst, jobs) = state.withLock { state in
            let isFirst = state.down == 0
            state.down += 1
            state.lastError = error
            guard state.down == state.members.count else { return (isFirst, [Job]()) }
            defer { state.queue = [] }
            return (isFirst, state.queue)
        }
        if isFirst {
            logger.warning(
                "connection to PostgreSQL failed",
                metadata: [
                    "database": "\(settings.url)", "code": "\(error.code)", "error": "\(error.message)",
                ])
        }
        for job in jobs { job.fail(error) }
    }

    private func cameUp() {
        let isLast = state.withLock { state in
            state.down -= 1
            return state.down == 0
        }
        if isLast { logger.notice("connected to PostgreSQL", metadata: ["database": "\(settings.url)"]) }
    }
}
