// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Which delivery is handled when: those of one subject one after the other, others side by side.
///
/// The subject is read from the header, without decoding. A message without one has a lane of its own. One
/// that was delivered twice before may have ended its worker: it is handled alone, so that it takes no
/// neighbours along, and which of several comes first is left to chance, so that the others get through.
struct LaneTable: Sendable {
    enum Lane: Hashable, Sendable {
        case subject(String)
        case message(String)

        init(of message: SignalMessage) {
            self = message.subject.map { .subject($0) } ?? .message(message.messageID)
        }
    }

    /// From how many earlier deliveries on one is handled alone.
    static let suspiciousCount = 2

    private let concurrency: Int
    private var waiting: [Lane: [Delivery]] = [:]
    private var ready: [Lane] = []
    private var running: Set<Lane> = []
    private var isAlone = false
    /// How many deliveries wait.
    private(set) var depth = 0

    init(concurrency: Int) { self.concurrency = concurrency }

    mutating func add(_ delivery: Delivery) {
        let lane = Lane(of: delivery.message)
        depth += 1
        waiting[lane, default: []].append(delivery)
        if waiting[lane]?.count == 1, !running.contains(lane) { ready.append(lane) }
    }

    /// The delivery that is to be handled now, if any.
    mutating func next() -> (lane: Lane, delivery: Delivery)? {
        guard !isAlone, running.count < concurrency, let first = ready.first else { return nil }
        if !isSuspicious(first) { return start(0) }
        guard running.isEmpty, let chosen = ready.indices.filter({ isSuspicious(ready[$0]) }).randomElement()
        else { return nil }
        isAlone = true
        return start(chosen)
    }

    /// Says that the delivery of the lane was handled.
    mutating func finish(_ lane: Lane) {
        running.remove(lane)
        isAlone = false
        if waiting[lane] != nil { ready.append(lane) }
    }

    /// Forgets what waits.
    mutating func clear() { (waiting, ready, depth) = ([:], [], 0) }

    private func isSuspicious(_ lane: Lane) -> Bool {
        (waiting[lane]?.first?.deliveryCount ?? 0) >= Self.suspiciousCount
    }

    private mutating func start(_ index: Int) -> (lane: Lane, delivery: Delivery)? {
        let lane = ready.remove(at: index)
        guard let delivery = waiting[lane]?.removeFirst() else { return nil }
        if waiting[lane]?.isEmpty == true { waiting[lane] = nil }
        running.insert(lane)
        depth -= 1
        return (lane, delivery)
    }
}
