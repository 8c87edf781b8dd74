// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import CRabbitMQ
import Foundation
import Logging
import Synchronization

/// A connection and its dedicated thread, from ``start(_:)`` to ``stop()``.
///
/// librabbitmq's calls may block, and one connection belongs to one thread: neither suits Swift's cooperative pool.
/// The thread connects, runs its ``ConnectionDriver``, and reconnects after every loss until it is stopped.
final class ConnectionThread: Sendable {
    private let name: String
    private let settings: BrokerSettings
    private let logger: Logger
    private let metrics: ConnectionMetrics
    private let nodes: NodeMemory
    private let state = Mutex(State())
    private let makeHandle: @Sendable () throws(BrokerError) -> ConnectionHandle

    private struct State {
        /// Nil before the start.
        var handle: ConnectionHandle?
        var status = BrokerStatus.stopped
        var faults = FaultLog()
        var isStarted = false
        var isStopping = false
        var isConnected = false
        var hasEnded = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    /// librabbitmq decodes nested tables recursively: one frame of them can need more than the usual 512 KiB.
    static let stackSize = 8 << 20

    /// - Parameters:
    ///   - name: The connection's name in RabbitMQ's management UI.
    ///   - nodes: Decides which nodes are tried first.
    ///   - makeHandle: For tests.
    init(
        name: String, settings: BrokerSettings, logger: Logger, nodes: NodeMemory = .shared,
        makeHandle: @escaping @Sendable () throws(BrokerError) -> ConnectionHandle = {
            () throws(BrokerError) in try ConnectionHandle()
        }
    ) {
        self.makeHandle = makeHandle
        self.name = name
        self.settings = settings
        self.logger = logger
        self.nodes = nodes
        metrics = ConnectionMetrics(name)
    }

    var status: BrokerStatus { state.withLock { $0.status } }

    /// Wakes the thread, so that it calls ``ConnectionDriver/work(_:isStopping:)``; may be called by any thread.
    func wake() { state.withLock { $0.handle }?.wake() }

    /// Records whether the broker accepts no messages.
    ///
    /// - Parameter reason: The broker's reason; nil if it accepts messages again.
    func setBlocked(_ reason: String?) {
        state.withLock { $0.status = reason.map { .blocked($0) } ?? .connected }
        metrics.set(isBlocked: reason != nil)
    }

    // MARK: From outside

    /// Starts the thread; a second call does nothing.
    ///
    /// - Parameter driver: Called on the thread, since the result is confined to it.
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/exhausted``, or ``BrokerError/Code/invalidValue`` if the
    ///   settings have no URL; the thread was not started then.
    func start(_ driver: @escaping @Sendable () -> any ConnectionDriver) throws(BrokerError) {
        if state.withLock({ $0.isStarted }) { return }
        if settings.urls.isEmpty {
            throw BrokerError(.invalidValue, "the settings have no broker URL; at least one is required")
        }
        let handle = try makeHandle()
        let isFirst = state.withLock { state in
            if state.isStarted { return false }
            state.isStarted = true
            state.handle = handle
            state.status = .connecting(lastError: nil)
            return true
        }
        guard isFirst else { return }
        let thread = Thread { self.run(driver(), handle) }
        thread.name = "amqp"
        thread.stackSize = Self.stackSize
        thread.start()
    }

    /// Waits at most ``BrokerSettings/closeTimeout`` until nothing is in flight, sends `connection.close` and ends
    /// the thread.
    func stop() async {
        let (isConnected, handle) = state.withLock { state in
            state.isStopping = true
            return (state.isConnected, state.handle)
        }
        guard let handle else { return }
        // While it connects, nothing is in flight.
        if isConnected { handle.wake() } else { handle.interrupt() }
        let bound = settings.closeTimeout + .seconds(2)
        let patience = Task {
            try await Task.sleep(for: bound)
            handle.interrupt()
        }
        await ended()
        patience.cancel()
    }

    private func ended() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if state.isStarted, !state.hasEnded {
                    state.waiting.append(continuation)
                    return false
                }
                return true
            }
            if isOver { continuation.resume() }
        }
    }

    // MARK: On the thread

    private func run(_ driver: any ConnectionDriver, _ handle: ConnectionHandle) {
        let channel = Channel(handle)
        let backoff = Backoff(first: settings.firstPause, limit: settings.longestPause, jitter: 50)
        var failures = 0
        var round: ArraySlice<BrokerURL> = []
        while !isStopping {
            if round.isEmpty { round = nodes.order(settings)[...] }
            guard let url = round.popFirst() else { break }
            let start = ContinuousClock.now
            do throws(BrokerError) {
                let attempt = ConnectionAttempt(channel: channel, url: url, name: name, settings: settings)
                try driver.prepare(attempt)
                begin(url, driver)
                try serve(channel, driver)
                channel.close(within: .seconds(1))
            } catch {
                channel.close(within: .zero)
                if error.code != .stopped { nodes.failed(url) }
                let age = ContinuousClock.now - start
                let wasConnected = lost(error, url, after: age)
                driver.disconnected(error)
                // The other nodes are tried immediately; the backoff follows after all of them.
                if wasConnected {
                    round = []
                    if age > settings.firstPause || driver.hasProgressed { failures = 0 }
                }
                if round.isEmpty {
                    failures += 1
                    pause(backoff.delay(afterFailures: failures), handle)
                }
            }
        }
        let waiting = state.withLock { state in
            state.status = .stopped
            state.hasEnded = true
            state.isConnected = false
            return state.waiting
        }
        driver.stopped()
        for continuation in waiting { continuation.resume() }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func begin(_ url: BrokerURL, _ driver: any ConnectionDriver) {
        nodes.worked(url)
        let endsFault = state.withLock { state in
            state.status = .connected
            state.isConnected = true
            return state.faults.connected()
        }
        logger.log(
            level: endsFault ? .notice : .info, "connected to the broker",
            metadata: ["broker": "\(url)", "connection": "\(name)"])
        metrics.connected()
        driver.connected()
    }

    /// Runs the connection's loop until it has finished after a stop; throws when the connection is lost.
    private func serve(_ channel: Channel, _ driver: any ConnectionDriver) throws(BrokerError) {
        var nextStep = NextStep.wait(.zero, toWrite: false)
        var deadline: ContinuousClock.Instant?
        while case .wait(var bound, let toWrite) = nextStep {
            if let deadline {
                let left = ContinuousClock.now.duration(to: deadline)
                if left <= .zero { return }
                bound = min(bound, left)
            }
            try channel.step(waitingFor: bound, wantsToWrite: toWrite, driver)
            metrics.tick()
            let isStopping = isStopping
            if isStopping, deadline == nil { deadline = .now + settings.closeTimeout }
            nextStep = try driver.work(channel, isStopping: isStopping)
        }
    }

    /// Records and logs the loss.
    ///
    /// - Returns: Whether the connection was established before.
    private func lost(_ error: BrokerError, _ url: BrokerURL, after age: Duration) -> Bool {
        let (wasConnected, repeats) = state.withLock { state in
            let wasConnected = state.isConnected
            state.status = .connecting(lastError: error)
            state.isConnected = false
            if wasConnected { state.faults.ended(after: age) }
            let repeats = state.isStopping ? nil : state.faults.admit(error, at: url, isLoss: wasConnected)
            return (wasConnected, repeats)
        }
        metrics.set(isBlocked: false)
        if let repeats {
            logger.log(
                level: error.logLevel,
                wasConnected ? "connection to the broker lost" : "connection to the broker failed",
                metadata: [
                    "broker": "\(url)", "connection": "\(name)", "code": "\(error.code)",
                    "error": "\(error.message)", "repeats": "\(repeats)",
                ])
        }
        return wasConnected
    }

    /// Waits, but ends early on a stop; a wake-up does not shorten the wait.
    private func pause(_ duration: Duration, _ handle: ConnectionHandle) {
        let end = ContinuousClock.now + duration
        while !isStopping {
            let left = ContinuousClock.now.duration(to: end).milliseconds
            if left <= 0 { return }
            crmq_pause(handle.pointer, Int32(clamping: left))
        }
    }
}
