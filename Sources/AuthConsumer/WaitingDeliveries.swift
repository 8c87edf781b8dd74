// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import DequeModule

/// Deliveries that were started and cannot continue yet. They occupy no worker; a worker continues with them before it
/// starts others.
///
/// A delivery waits for one of three things:
///
/// - **a permit**, if as many runs of its handler overlap as the handler allows. Later deliveries of its subject wait
///   behind it.
/// - **its batch**, which is run when it is full, when its first delivery has waited for long enough, when another
///   delivery waits for it, or when nothing more is consumed. Batches of one handler run one after the other.
/// - **a barrier**: the batch with earlier deliveries of its subject. Once a delivery waits in a batch of its last
///   handler, the next one of its subject may start, so that both can be in the same batch. If that one is not for the
///   same batch, it waits here until the batch has ended, so that the order of the subject is kept. If deliveries are
///   handled one at a time in a strictly ordered queue, all subjects share one barrier, so that the order of the queue
///   is kept.
struct WaitingDeliveries {
    /// What a worker continues with.
    enum Ready {
        case delivery(InFlightDelivery)
        /// The batch with that index.
        case batch(Int)
    }

    /// What a delivery has to do after it asked to join a batch.
    enum Joining {
        /// It is in the batch, and its subject may continue.
        case joined
        /// It is in the batch, and continues afterwards with its next handler: its subject waits.
        case joinedExclusively
        /// It waits for the earlier batch of its subject.
        case waits
    }

    private struct Permits {
        var free: Int
        var waiting: Deque<InFlightDelivery> = []
    }

    private struct Batch {
        let size: Int
        let delay: Duration
        var members: Deque<(delivery: InFlightDelivery, due: ContinuousClock.Instant)> = []
        /// Whether it is ready to run, or runs.
        var isSubmitted = false
        /// Whether a task waits until its first delivery is due.
        var isTimed = false
    }

    private struct Barrier {
        let batch: Int
        /// How many deliveries are in the batch, waiting or running.
        var members = 0
        var waiting: Deque<InFlightDelivery> = []
    }

    private var permits: [Permits]
    private var batches: [Batch]
    private var barriers: [SubjectScheduler.QueueKey: Barrier] = [:]
    private var ready: Deque<Ready> = []
    private let hasOneBarrier: Bool
    /// The number of deliveries that wait here.
    private(set) var count = 0

    /// - Parameters:
    ///   - limits: How many runs of each handler with a limit may overlap.
    ///   - isSerial: Whether deliveries are handled one at a time in a strictly ordered queue.
    init(limits: [Int] = [], batches: [HandlerBatch] = [], isSerial: Bool = false) {
        permits = limits.map { Permits(free: $0) }
        self.batches = batches.map { Batch(size: $0.size, delay: $0.delay) }
        hasOneBarrier = isSerial
    }

    // MARK: Permits

    /// - Returns: Whether the delivery may run; otherwise it waits here, and gets the permit when it continues.
    mutating func takePermit(_ index: Int, for delivery: InFlightDelivery) -> Bool {
        guard permits[index].free == 0 else {
            permits[index].free -= 1
            return true
        }
        permits[index].waiting.append(delivery)
        count += 1
        return false
    }

    mutating func returnPermit(_ index: Int) {
        guard var next = permits[index].waiting.popFirst() else {
            permits[index].free += 1
            return
        }
        next.hasPermit = true
        ready.append(.delivery(next))
    }

    // MARK: Batches

    /// Adds a delivery to the batch of its current handler, unless it must wait for another one.
    mutating func join(_ index: Int, _ delivery: InFlightDelivery, at now: ContinuousClock.Instant) -> Joining
    {
        let key = barrierKey(of: delivery)
        if var barrier = barriers[key] {
            guard barrier.batch == index, barrier.waiting.isEmpty else {
                wait(delivery, at: &barrier, key)
                return .waits
            }
            barrier.members += 1
            barriers[key] = barrier
        } else {
            barriers[key] = Barrier(batch: index, members: 1)
        }
        var member = delivery
        member.hasLeftSubject = delivery.isAtLastHandler
        batches[index].members.append((member, now + batches[index].delay))
        count += 1
        if batches[index].members.count >= batches[index].size { submit(index) }
        return delivery.isAtLastHandler ? .joined : .joinedExclusively
    }

    /// Whether a delivery may start, although it joins no batch; otherwise it waits here.
    mutating func passesBarrier(_ delivery: InFlightDelivery) -> Bool {
        let key = barrierKey(of: delivery)
        guard var barrier = barriers[key] else { return true }
        wait(delivery, at: &barrier, key)
        return false
    }

    private mutating func wait(
        _ delivery: InFlightDelivery, at barrier: inout Barrier, _ key: SubjectScheduler.QueueKey
    ) {
        barrier.waiting.append(delivery)
        barriers[key] = barrier
        count += 1
        submit(barrier.batch)
    }

    private func barrierKey(of delivery: InFlightDelivery) -> SubjectScheduler.QueueKey {
        hasOneBarrier ? .message("") : delivery.subjectQueue
    }

    /// Makes a batch ready, unless it is empty, ready or running.
    private mutating func submit(_ index: Int) {
        guard !batches[index].isSubmitted, !batches[index].members.isEmpty else { return }
        batches[index].isSubmitted = true
        ready.append(.batch(index))
    }

    /// Makes all batches ready.
    mutating func submitAll() { for index in batches.indices { submit(index) } }

    /// When the batch must be looked at again; nil if no task has to wait for it, now or any more. Makes the batch
    /// ready if its time has come.
    ///
    /// - Parameter isTimer: Whether the task that waits for the batch asks, and not one that has changed it.
    mutating func timer(
        of index: Int, isTimer: Bool, at now: ContinuousClock.Instant
    ) -> ContinuousClock.Instant? {
        if !isTimer, batches[index].isTimed { return nil }
        guard !batches[index].isSubmitted, let first = batches[index].members.first else {
            batches[index].isTimed = false
            return nil
        }
        guard first.due > now else {
            batches[index].isTimed = false
            submit(index)
            return nil
        }
        batches[index].isTimed = true
        return first.due
    }

    /// The deliveries of a batch that starts to run.
    private mutating func take(_ index: Int) -> [InFlightDelivery] {
        let taken = batches[index].members.prefix(batches[index].size).map(\.delivery)
        batches[index].members.removeFirst(taken.count)
        count -= taken.count
        return taken
    }

    /// A batch has ended; it may be ready again.
    mutating func endBatch(_ index: Int, isDraining: Bool) {
        batches[index].isSubmitted = false
        // Those that did not fit may be why others wait at a barrier.
        let mustRun = barriers.values.contains { $0.batch == index && !$0.waiting.isEmpty }
        if isDraining || mustRun || batches[index].members.count >= batches[index].size { submit(index) }
    }

    /// The batch of a delivery has handled it. It continues, unless it has left its subject.
    mutating func leave(_ delivery: InFlightDelivery) {
        if !delivery.hasLeftSubject {
            ready.append(.delivery(delivery))
            count += 1
        }
        let key = barrierKey(of: delivery)
        guard var barrier = barriers[key] else { return }
        barrier.members -= 1
        guard barrier.members <= 0 else {
            barriers[key] = barrier
            return
        }
        barriers[key] = nil
        ready += barrier.waiting.map { .delivery($0) }
    }

    // MARK: Continuing

    /// What a worker continues with next.
    var first: Ready? { ready.first }

    /// Removes what a worker continues with, with the deliveries of a batch.
    mutating func takeFirst() -> (ready: Ready, members: [InFlightDelivery])? {
        switch ready.popFirst() {
        case nil: return nil
        case .delivery(let delivery):
            count -= 1
            return (.delivery(delivery), [])
        case .batch(let index): return (.batch(index), take(index))
        }
    }

    var isEmpty: Bool { count == 0 && ready.isEmpty }

    /// Drops all that wait.
    mutating func clear() {
        for index in permits.indices { permits[index].waiting = [] }
        for index in batches.indices {
            (batches[index].members, batches[index].isSubmitted) = ([], false)
        }
        (barriers, ready, count) = ([:], [], 0)
    }
}
