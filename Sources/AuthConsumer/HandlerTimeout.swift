// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Synchronization

/// A handler did not return in time. It was cancelled, but may continue to run if it ignores cancellation.
public struct HandlerTimeout: Error, Hashable, Sendable {
    /// The time limit.
    public var limit: Duration
}

/// Enforces the handlers' time limit: a worker whose handler exceeds it is abandoned, and another one replaces it.
///
/// Swift cannot end a task that ignores cancellation, so a handler that hangs would block its worker forever. Running
/// each handler in a task of its own, with a timer, is too expensive. Instead:
///
/// - The dispatcher has one `HandlerWatch` and a fixed number of loops. Each loop runs a ``WatchedWorker``: a task that
///   handles one delivery after the other and calls the handlers directly.
/// - Before a handler starts, its worker stores the deadline and the ``UnfinishedWork``: the delivery and the handlers
///   that are done, or the batch.
/// - One task checks the deadlines of all workers (``watch()``). A late worker is abandoned: its task is cancelled, and
///   its loop gets the `UnfinishedWork`, counts the handler as failed, and continues with the next one in a new
///   worker.
/// - When the late handler returns, ``WatchedWorker/end()`` reports that its worker was abandoned. The result is ignored
///   and the old task ends.
///
/// If the dispatcher is cancelled, running workers are abandoned without a successor. Nothing is stored: as after a
/// crash, the delivery is not settled, and the broker redelivers it.
final class HandlerWatch: Sendable {
    /// The shortest time limit of a handler.
    private let shortest: Duration
    private let workers = Mutex<[ObjectIdentifier: WatchedWorker]>([:])

    init(shortest: Duration) { self.shortest = shortest }

    /// Runs a worker until it ends, is abandoned, or the caller is cancelled.
    ///
    /// - Returns: If the handler exceeded its limit, the work to continue with; otherwise nil.
    func run(_ body: @escaping @Sendable (WatchedWorker) async -> Void) async -> UnfinishedWork? {
        let worker = WatchedWorker()
        workers.withLock { $0[ObjectIdentifier(worker)] = worker }
        defer { workers.withLock { _ = $0.removeValue(forKey: ObjectIdentifier(worker)) } }
        return await worker.run(body)
    }

    /// Checks the workers until it is cancelled.
    func watch() async {
        let pause = min(max(shortest / 20, .milliseconds(5)), .seconds(1))
        while !Task.isCancelled {
            try? await Task.sleep(for: pause)
            let now = ContinuousClock.now
            for worker in workers.withLock({ Array($0.values) }) { worker.abandon(ifLateAt: now) }
        }
    }
}

/// A task that handles one delivery after the other, and that can be abandoned while a handler runs.
final class WatchedWorker: Sendable {
    private typealias Loop = CheckedContinuation<UnfinishedWork?, Never>

    private struct State {
        /// What would remain to be done, while a handler runs; otherwise nil.
        var unfinished: UnfinishedWork?
        /// The handler's deadline.
        var deadline: ContinuousClock.Instant?
        var isAbandoned = false
        var isCancelled = false
        var task: Task<Void, Never>?
        /// The loop, which waits until the worker ends or is abandoned.
        var loop: Loop?

        mutating func takeLoop() -> Loop? {
            defer { loop = nil }
            return loop
        }
    }
    private let state = Mutex(State())

    /// Runs the body as a separate task, and waits until it ends or is abandoned.
    fileprivate func run(_ body: @escaping @Sendable (WatchedWorker) async -> Void) async -> UnfinishedWork? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                state.withLock { $0.loop = continuation }
                let task = Task {
                    await body(self)
                    self.state.withLock { $0.takeLoop() }?.resume(returning: nil)
                }
                let isCancelled = state.withLock { state in
                    state.task = task
                    return state.isCancelled
                }
                if isCancelled { task.cancel() }
            }
        } onCancel: {
            let (task, loop) = state.withLock { state in
                state.isCancelled = true
                // Do not wait for the handler, which may ignore cancellation.
                if state.unfinished != nil { state.isAbandoned = true }
                return (state.task, state.isAbandoned ? state.takeLoop() : nil)
            }
            task?.cancel()
            loop?.resume(returning: nil)
        }
    }

    /// A handler starts.
    ///
    /// - Parameter unfinished: What remains to be done if this worker is abandoned.
    /// - Throws: `CancellationError` if the worker was cancelled.
    func begin(_ unfinished: UnfinishedWork, until deadline: ContinuousClock.Instant) throws {
        let isCancelled = state.withLock { state in
            if !state.isCancelled { (state.unfinished, state.deadline) = (unfinished, deadline) }
            return state.isCancelled
        }
        if isCancelled { throw CancellationError() }
    }

    /// The handler has returned.
    ///
    /// - Returns: Whether this worker was abandoned meanwhile: then its result must be ignored.
    func end() -> Bool {
        state.withLock { state in
            state.unfinished = nil
            return state.isAbandoned
        }
    }

    /// Abandons and cancels the worker if its handler has exceeded its deadline.
    fileprivate func abandon(ifLateAt now: ContinuousClock.Instant) {
        let late = state.withLock {
            state -> (task: Task<Void, Never>?, loop: Loop?, unfinished: UnfinishedWork)? in
            guard let unfinished = state.unfinished, let deadline = state.deadline, deadline <= now,
                !state.isAbandoned
            else { return nil }
            state.isAbandoned = true
            return (state.task, state.takeLoop(), unfinished)
        }
        late?.task?.cancel()
        late?.loop?.resume(returning: late?.unfinished)
    }
}

/// What remains to be done when a worker is abandoned.
enum UnfinishedWork: Sendable {
    case delivery(InFlightDelivery)
    case batch(InFlightBatch)
}

/// The deliveries of a batch, which all have the same current handler.
struct InFlightBatch: Sendable {
    /// The index of the batch.
    let index: Int
    /// The deliveries that remain to be handled.
    var members: [InFlightDelivery]
    /// Whether they are handled one by one, because the call with all of them has failed.
    var isSplit = false
    /// Whether the worker was abandoned during the call with all of them.
    var timedOutAsWhole = false
}

/// A delivery and its progress through its handlers.
struct InFlightDelivery: Sendable {
    /// The constant part. A class, so that a copy of the progress costs one reference count.
    private final class Constants: Sendable {
        let delivery: Delivery
        let subjectQueue: SubjectScheduler.QueueKey
        let event: SignalEvent
        let handlers: [HandlerTable.Entry]
        let span: DeliverySpan?

        init(
            _ delivery: Delivery, _ subjectQueue: SubjectScheduler.QueueKey, _ event: SignalEvent,
            _ handlers: [HandlerTable.Entry], _ span: DeliverySpan?
        ) {
            self.delivery = delivery
            self.subjectQueue = subjectQueue
            self.event = event
            self.handlers = handlers
            self.span = span
        }
    }
    private let constants: Constants

    /// The index of the current or next handler.
    private var index = 0
    /// The copies for the handlers that failed.
    private(set) var copies: [RepublishedCopy] = []
    /// Whether no other delivery of its subject is in a batch; only set if the table has handlers of batches.
    var hasStarted = false
    /// Whether it is in a batch of its last handler: others of its subject may have started since.
    var hasLeftSubject = false
    /// Whether it has a permit for the current handler, which must be returned.
    var hasPermit = false
    /// Whether the current handler is called to probe its open circuit.
    var isProbe = false

    init(
        _ work: DeliveryQueue.Work, _ event: SignalEvent, handlers: [HandlerTable.Entry],
        span: DeliverySpan? = nil
    ) {
        constants = Constants(work.delivery, work.subjectQueue, event, handlers, span)
    }

    var delivery: Delivery { constants.delivery }
    var subjectQueue: SubjectScheduler.QueueKey { constants.subjectQueue }
    var event: SignalEvent { constants.event }
    /// Nil without a tracer.
    var span: DeliverySpan? { constants.span }

    /// The current or next handler; nil after the last.
    var entry: HandlerTable.Entry? { index < constants.handlers.count ? constants.handlers[index] : nil }

    /// Whether the current handler is the last one.
    var isAtLastHandler: Bool { index == constants.handlers.count - 1 }

    /// The current handler is done.
    ///
    /// - Parameter copy: If it failed, the copy to republish for it.
    mutating func advance(adding copy: RepublishedCopy? = nil) {
        if let copy { copies.append(copy) }
        index += 1
        isProbe = false
    }
}
