// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Schedules deliveries: one subject queue ("lane") per subject; deliveries of one subject are handled one after the
/// other, different subjects concurrently.
///
/// The subject is read from the header, without decoding the body. A message without a subject has its own subject
/// queue. A message that was delivered twice before may have crashed its worker: it is handled alone, so that no other
/// delivery is affected, and of several such messages a random one is first, so that the others make progress.
///
/// In a strictly ordered queue nothing is random, whatever the delivery count: deliveries start in the order in which
/// they were added, unless the previous one of the same subject is still running.
struct SubjectScheduler {
    enum Lane: Hashable, Sendable {
        case subject(String)
        case message(String)

        init(of message: SignalMessage) {
            self = message.subject.map { .subject($0) } ?? .message(message.messageID)
        }
    }

    /// The waiting deliveries of a subject queue. A class, so that each delivery needs only one dictionary lookup.
    private final class Track {
        let lane: Lane
        /// The position of ``first`` in the order of all deliveries; the others came later.
        var place = 0
        var first: Delivery?
        /// The deliveries after the first; nearly always empty.
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

        var mayBePoison: Bool { first.map(SubjectScheduler.mayBePoison) ?? false }
    }

    /// A message with this number of earlier deliveries is handled alone.
    private static let poisonCount = 2

    /// Whether the delivery may have crashed a worker, and is handled alone.
    static func mayBePoison(_ delivery: Delivery) -> Bool { delivery.deliveryCount >= poisonCount }

    /// A message with this number of earlier deliveries no longer waits for earlier ones of its subject: the first of
    /// them may be the one that crashes every worker, and the others would reach the queue's delivery limit together
    /// with it. After so many deliveries the message is late in any case.
    static let bypassCount = 4

    private let concurrency: Int
    private let isStrict: Bool
    /// The number of deliveries that were added.
    private var added = 0
    private var tracks: [Lane: Track] = [:]
    /// The tracks whose first delivery may start, from `passed` on.
    private var ready: [Track] = []
    private var passed = 0
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
        let lane = bypassesSubject ? .message(delivery.message.messageID) : Lane(of: delivery.message)
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

    /// Whether ``next()`` returns a delivery.
    var hasNext: Bool {
        guard !isAlone, running < concurrency, passed < ready.count else { return false }
        return running == 0 || !ready[upcoming].mayBePoison
    }

    /// The index of the next ready track, before the random choice.
    private var upcoming: Int {
        guard isStrict else { return passed }
        return (passed..<ready.count).min { ready[$0].place < ready[$1].place } ?? passed
    }

    /// Takes the delivery to handle now, if any.
    mutating func next() -> (lane: Lane, delivery: Delivery)? {
        guard hasNext else { return nil }
        ready.swapAt(passed, upcoming)
        if ready[passed].mayBePoison {
            let possiblePoison = (passed..<ready.count).filter { ready[$0].mayBePoison }
            if !isStrict, let chosen = possiblePoison.randomElement() { ready.swapAt(passed, chosen) }
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

    /// The running delivery of the subject queue was handled.
    mutating func finish(_ lane: Lane) {
        isAlone = false
        guard let track = tracks[lane], track.isRunning else { return }
        running -= 1
        track.isRunning = false
        if track.first == nil { tracks[lane] = nil } else { ready.append(track) }
    }

    /// Drops the waiting deliveries.
    mutating func clear() {
        for track in ready[passed...] { tracks[track.lane] = nil }
        for track in tracks.values { (track.first, track.others) = (nil, []) }
        (ready, passed, depth) = ([], 0, 0)
    }
}
