// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import DequeModule

/// Schedules deliveries: one subject queue per subject; deliveries of one subject are handled one after the other,
/// different subjects concurrently.
///
/// The subject is read from the header, without decoding the body. A message without a subject has its own subject
/// queue. A message that was delivered twice before may have crashed its worker: it is handled alone, so that no other
/// delivery is affected, and of several such messages a random one is first, so that the others make progress.
///
/// In a strictly ordered queue nothing is random, whatever the delivery count: deliveries start in the order in which
/// they were added, unless the previous one of the same subject is still running.
struct SubjectScheduler {
    /// Identifies a subject queue.
    enum QueueKey: Hashable, Sendable {
        case subject(String)
        /// The queue of a message that has no subject, or that does not wait for others of its subject.
        case message(String)

        init(of message: SignalMessage) {
            self = message.subject.map { .subject($0) } ?? .message(message.messageID)
        }
    }

    /// The waiting deliveries of a subject. A class, so that each delivery needs only one dictionary lookup.
    private final class SubjectQueue {
        let key: QueueKey
        /// The position of ``first`` in the order of all deliveries; the others came later.
        var place = 0
        var first: Delivery?
        /// The deliveries after the first; nearly always empty.
        var others: Deque<(place: Int, delivery: Delivery)> = []
        var isRunning = false

        init(_ key: QueueKey) { self.key = key }

        func add(_ delivery: Delivery, at place: Int) {
            if first == nil {
                (self.place, first) = (place, delivery)
            } else {
                others.append((place, delivery))
            }
        }

        func take() -> Delivery? {
            defer {
                let next = others.popFirst()
                (place, first) = (next?.place ?? 0, next?.delivery)
            }
            return first
        }

        var mayBePoison: Bool { first.map(SubjectScheduler.mayBePoison) ?? false }
    }

    /// A message with this number of earlier deliveries is handled alone.
    private static let poisonCount = 2

    /// Whether the delivery may have crashed a worker, and is handled alone.
    static func mayBePoison(_ delivery: Delivery) -> Bool { delivery.deliveryCount >= poisonCount }

    /// A message with this number of earlier deliveries no longer waits for earlier ones of its subject: the first of
    /// them may be the one that crashes every worker, and the others would reach the queue's delivery limit together
    /// with it. After so many deliveries the message is late in any case.
    private static let bypassCount = 4

    private let concurrency: Int
    private let isStrict: Bool
    /// The number of deliveries that were added.
    private var added = 0
    private var queues: [QueueKey: SubjectQueue] = [:]
    /// The subject queues whose first delivery may start.
    private var ready: Deque<SubjectQueue> = []
    private var running = 0
    private var isAlone = false
    /// The number of waiting deliveries.
    private(set) var depth = 0

    /// - Parameter isStrict: Whether the order is kept whatever the delivery count.
    init(concurrency: Int, isStrict: Bool = false) {
        self.concurrency = concurrency
        self.isStrict = isStrict
    }

    mutating func add(_ delivery: Delivery) {
        let bypassesSubject = !isStrict && delivery.deliveryCount >= Self.bypassCount
        let key = bypassesSubject ? .message(delivery.message.messageID) : QueueKey(of: delivery.message)
        depth += 1
        added += 1
        if let queue = queues[key] {
            queue.add(delivery, at: added)
            return
        }
        let queue = SubjectQueue(key)
        queue.add(delivery, at: added)
        queues[key] = queue
        ready.append(queue)
    }

    /// Whether ``next()`` returns a delivery.
    var hasNext: Bool {
        guard !isAlone, running < concurrency, !ready.isEmpty else { return false }
        return running == 0 || !ready[upcoming].mayBePoison
    }

    /// The index of the next ready subject queue, before the random choice.
    private var upcoming: Int {
        guard isStrict else { return 0 }
        return ready.indices.min { ready[$0].place < ready[$1].place } ?? 0
    }

    /// Takes the delivery to handle now, if any.
    mutating func next() -> (subjectQueue: QueueKey, delivery: Delivery)? {
        guard hasNext else { return nil }
        ready.swapAt(0, upcoming)
        if ready[0].mayBePoison {
            let possiblePoison = ready.indices.filter { ready[$0].mayBePoison }
            if !isStrict, let chosen = possiblePoison.randomElement() { ready.swapAt(0, chosen) }
            isAlone = true
        }
        guard let queue = ready.popFirst(), let delivery = queue.take() else { return nil }
        queue.isRunning = true
        running += 1
        depth -= 1
        return (queue.key, delivery)
    }

    /// The running delivery of the subject queue was handled.
    mutating func finish(_ key: QueueKey) {
        isAlone = false
        guard let queue = queues[key], queue.isRunning else { return }
        running -= 1
        queue.isRunning = false
        if queue.first == nil { queues[key] = nil } else { ready.append(queue) }
    }

    // MARK: Runs that pause

    /// A running delivery waits for something else: another one may run meanwhile, but none of its subject.
    mutating func suspend() {
        isAlone = false
        running -= 1
    }

    /// Whether a suspended delivery, or another run, may start now.
    ///
    /// - Parameter alone: Whether it must be the only one.
    func canResume(alone: Bool) -> Bool { !isAlone && running < (alone ? 1 : concurrency) }

    mutating func resume(alone: Bool) {
        isAlone = alone
        running += 1
    }

    /// Drops the waiting deliveries.
    mutating func clear() {
        for queue in ready { queues[queue.key] = nil }
        for queue in queues.values { (queue.first, queue.others) = (nil, []) }
        (ready, depth) = ([], 0)
    }
}
