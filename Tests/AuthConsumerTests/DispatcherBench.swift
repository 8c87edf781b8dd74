// SPDX-License-Identifier: Apache-2.0
import AuthConsumer
import AuthSignals
import AuthTesting
import Foundation
import InMemoryLogging
import InMemoryTracing
import Logging
import MetricsTestKit
import ServiceLifecycle
import ServiceLifecycleTestKit
import Synchronization
import Testing
import Tracing

/// A dispatcher on a memory broker's queue, with a recording handler.
final class DispatcherBench: Sendable {
    /// The clock of the broker's retry rungs and of the dispatcher.
    let clock = FixedClock()
    let broker: MemoryBroker
    let source: MemorySource
    let inbox = MemoryInbox()
    let recorder = SignalRecorder()
    let metrics = TestMetrics()
    let tracer = InMemoryTracer()
    let log = InMemoryLogHandler()
    private let handlers = Locked(SignalHandlers())
    private let current = Locked<SignalDispatcher?>(nil)

    init(prefetch: Int = 16, strictlyOrdered: Bool = false) {
        broker = MemoryBroker(clock: clock)
        source = MemorySource("worker", of: broker, prefetch: prefetch, strictlyOrdered: strictlyOrdered)
    }

    /// Registers the recording handler.
    func on(then: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void = { _, _ in }) {
        handlers.change { recorder.add(to: &$0, then: then) }
    }

    func change(_ body: (inout SignalHandlers) -> Void) { handlers.change(body) }

    func send(_ message: SignalMessage, deliveryCount: Int = 0) {
        broker.put(message, into: "worker", deliveryCount: deliveryCount)
    }

    var main: [SignalMessage] { source.messages(in: .main) }
    var dead: [SignalMessage] { source.messages(in: .dead) }
    func on(_ rung: RetryRung) -> [SignalMessage] { source.messages(in: .retry(rung)) }
    /// The circuits of the last dispatcher.
    var circuits: [String: CircuitState] { current.value?.circuits ?? [:] }
    var unsettled: Int { broker.unacknowledged(in: "worker") }

    func untilSettled() async throws {
        try await eventually("everything was settled") { main.isEmpty && unsettled == 0 }
    }

    func dispatcher(_ change: (inout DispatcherSettings) -> Void = { _ in }) -> SignalDispatcher {
        var settings = DispatcherSettings()
        change(&settings)
        let log = log
        var logger = Logger(label: "test", factory: { _ in log })
        logger.logLevel = .info
        let dispatcher = SignalDispatcher(
            from: source, handlers: handlers.value, inbox: inbox, settings: settings,
            clock: clock, logger: logger, metrics: metrics, tracer: tracer)
        current.change { $0 = dispatcher }
        return dispatcher
    }

    /// Runs a dispatcher, then the body, then shuts the dispatcher down and waits for its end.
    func running(
        _ change: (inout DispatcherSettings) -> Void = { _ in },
        _ body: @Sendable () async throws -> Void
    ) async throws {
        let dispatcher = dispatcher(change)
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup { group in
                group.addTask { try await dispatcher.run() }
                try await body()
                trigger.triggerGracefulShutdown()
                try await group.waitForAll()
            }
        }
    }
}

/// Tasks wait at the gate until it is opened. It opens by itself after a minute: a test that fails before it opens the
/// gate must end.
final class Gate: Sendable {
    private let waiting = Mutex<[CheckedContinuation<Void, Never>]?>([])

    func wait() async {
        let limit = Task {
            try await Task.sleep(for: .seconds(60))
            Issue.record("the gate was not opened within 60 s")
            open()
        }
        await withCheckedContinuation { continuation in
            let isOpen = waiting.withLock { waiting in
                waiting?.append(continuation)
                return waiting == nil
            }
            if isOpen { continuation.resume() }
        }
        limit.cancel()
    }

    func open() {
        let released = waiting.withLock { waiting in
            defer { waiting = nil }
            return waiting ?? []
        }
        for continuation in released { continuation.resume() }
    }
}
