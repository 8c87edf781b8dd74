// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Which delivery is handled when: those of one subject one after the other, others side by side.
///
/// The subject is read from the header, without decoding. A message without one has a lane of its own. One
/// that was delivered twice before may have ended its worker: it is handled alone, so that it takes no
/// neighbours along, and which of several comes first is left to chance, so that the others get through.
///
/// In a strictly ordered queue nothing is left to chance, whatever the delivery count: deliveries start in the order in
/// which they were added, unless the one before of the same subject still runs.
struct LaneTable {
    enum Lane: Hashable, Sendable {
        case subject(String)
        case message(String)

        init(of message: SignalMessage) {
            self = message.subject.map { .subject($0) } ?? .message(message.messageID)
        }
    }

    /// What waits in a lane. An object, so that it is found by its name once for each delivery and no oftener.
    private final class Track {
        let lane: Lane
        /// Where ``first`` came in the order of all deliveries; what is in the queue behind it came later.
        var place = 0
        var first: Delivery?
        /// What comes after the first, which is nearly always nothing.
        var others: ArraySlice<(place: Int, delivery: Delivery)> = []
        var isRunning = false

        init(_ lane: Lane) { self.lane = lane }

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

        var isSuspicious: Bool { first.map(LaneTable.isSuspicious) ?? false }
    }

    /// From how many earlier deliveries on one is handled alone.
    private static let suspiciousCount = 2

    /// Whether it may have ended a worker, and is handled alone.
    static func isSuspicious(_ delivery: Delivery) -> Bool { delivery.deliveryCount >= suspiciousCount }

    /// From how many earlier deliveries on one no longer waits for those of its subject before it: the first of
    /// them may be the one that ends every worker, and the others would reach the queue's limit of deliveries with
    /// it. What was delivered so often comes late in any case.
    static let desperateCount = 4

    private let concurrency: Int
    private let isStrict: Bool
    /// How many deliveries were added.
    private var added = 0
    private var tracks: [Lane: Track] = [:]
    /// The tracks whose first delivery may start, from `passed` on.
    private var ready: [Track] = []
    private var passed = 0
    private var running = 0
    private var isAlone = false
    /// How many deliveries wait.
    private(set) var depth = 0

    /// - Parameter isStrict: whether the order is kept whatever the delivery count.
    init(concurrency: Int, isStrict: Bool = false) {
        self.concurrency = concurrency
        self.isStrict = isStrict
    }

    mutating func add(_ delivery: Delivery) {
        let isDesperate = !isStrict && delivery.deliveryCount >= Self.desperateCount
        let lane = isDesperate ? .message(delivery.message.messageID) : Lane(of: delivery.message)
        depth += 1
        added += 1
        if let track = tracks[lane] {
            track.add(delivery, at: added)
            return
        }
        let track = Track(lane)
        track.add(delivery, at: added)
        tracks[lane] = track
        ready.append(track)
    }

    /// Whether ``next()`` has something to give.
    var hasNext: Bool {
        guard !isAlone, running < concurrency, passed < ready.count else { return false }
        return running == 0 || !ready[upcoming].isSuspicious
    }

    /// Which of the ready tracks is next, before chance is asked.
    private var upcoming: Int {
        guard isStrict else { return passed }
        return (passed..<ready.count).min { ready[$0].place < ready[$1].place } ?? passed
    }

    /// The delivery that is to be handled now, if any.
    mutating func next() -> (lane: Lane, delivery: Delivery)? {
        guard hasNext else { return nil }
        ready.swapAt(passed, upcoming)
        if ready[passed].isSuspicious {
            let suspicious = (passed..<ready.count).filter { ready[$0].isSuspicious }
            if !isStrict, let chosen = suspicious.randomElement() { ready.swapAt(passed, chosen) }
            isAlone = true
        }
        let track = ready[passed]
        passed += 1
        if passed == ready.count || passed > 1024 {
            ready.removeFirst(passed)
            passed = 0
        }
        guard let delivery = track.take() else { return nil }
        track.isRunning = true
        running += 1
        depth -= 1
        return (track.lane, delivery)
    }

    /// Says that the delivery of the lane was handled.
    mutating func finish(_ lane: Lane) {
        isAlone = false
        guard let track = tracks[lane], track.isRunning else { return }
        running -= 1
        track.isRunning = false
        if track.first == nil { tracks[lane] = nil } else { ready.append(track) }
    }

    /// Forgets what waits.
    mutating func clear() {
        for track in ready[passed...] { tracks[track.lane] = nil }
        for track in tracks.values { (track.first, track.others) = (nil, []) }
        (ready, passed, depth) = ([], 0, 0)
    }
}
