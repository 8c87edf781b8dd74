// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation

/// The `state` event of the stream, once a second.
struct StateEvent: Encodable, Sendable {
    struct Outbox: Encodable, Sendable {
        var pending = 0
        var oldestAge: Double?
        var inFlight: Int?
        var confirmedTotal = 0
        var emittedTotal = 0
        var unrouted = 0
        var parked = 0
        var paused = false

        private enum CodingKeys: String, CodingKey {
            case pending, oldestAge = "oldest_age_s", inFlight = "in_flight",
                confirmedTotal = "confirmed_total", emittedTotal = "emitted_total", unrouted, parked, paused
        }
    }

    struct Rates: Encodable, Hashable, Sendable {
        var emitted: Double?
        var confirmed: Double?

        private enum CodingKeys: String, CodingKey {
            case emitted = "emitted_per_s", confirmed = "confirmed_per_s"
        }
    }

    struct Actions: Encodable, Sendable {
        var republish = true
        var dead = false
    }

    struct Broker: Encodable, Sendable { var error: String? }

    var time: String
    var outbox = Outbox()
    var rates = Rates()
    var queues: [QueueNumbers] = []
    var workers: [WorkerReport] = []
    var broker = Broker()
    /// How many signals since the last event were not sent.
    var dropped = 0
    var actions = Actions()
    var mails = false
    var installation: String?
    var queuesNote: String?
    var workersNote: String?

    private enum CodingKeys: String, CodingKey {
        case time, outbox, rates, queues, workers, broker, dropped, actions, mails, installation,
            queuesNote = "queues_note", workersNote = "workers_note"
    }
}

/// What the feed remembers between two reads of the store: a pure value, so that sampling is tested without a clock.
///
/// A tick sends at most ``most`` signals: first the changes of signals that were already sent, then the newest ones.
/// Signals between the last tick and these are counted as dropped.
struct FeedState {
    /// The maximum number of signals of a tick.
    static let most = 50
    /// The maximum number of open signals whose changes are sent; the oldest are given up.
    private static let mostWatched = 500

    /// Whether the store deletes confirmed rows at once.
    private let deletesConfirmed: Bool
    private var newest: Int64?
    private var open: [Int64: SignalItem] = [:]
    private var last: (emitted: Int, confirmed: Int, time: Double)?

    /// The numbers of sent signals that the relay will still change.
    var watched: [Int64] { open.keys.sorted() }

    init(deletesConfirmed: Bool) { self.deletesConfirmed = deletesConfirmed }

    /// Sends the next change of a signal that is published again.
    mutating func follow(_ item: SignalItem) { open[item.sequence] = item }

    /// The signals to send. The first call sends the newest ones.
    ///
    /// - Parameters:
    ///   - changed: the rows of ``watched``.
    ///   - recent: the newest rows, newest first, at least ``most`` if so many exist.
    ///   - emitted: the count of all signals that were emitted.
    /// - Returns: the signals in order, and how many new ones were left out.
    mutating func sample(
        changed: [OutboxRecord], recent: [OutboxRecord], emitted: Int
    ) -> (signals: [SignalItem], dropped: Int) {
        var sent: [SignalItem] = []
        for item in changed.map(SignalItem.init) {
            // Half of the places, so that a burst of confirmations does not hide new signals.
            guard let known = open[item.sequence], known.state != item.state, sent.count < Self.most / 2
            else { continue }
            open[item.sequence] = item.state.isOpen ? item : nil
            sent.append(item)
        }
        let found = Set(changed.map(\.row.sequence))
        for (sequence, item) in open.sorted(by: { $0.key < $1.key }) where !found.contains(sequence) {
            // The row was deleted: confirmed rows are not kept, or all data of a person was erased.
            open[sequence] = nil
            guard deletesConfirmed, sent.count < Self.most / 2 else { continue }
            var item = item
            item.state = .confirmed
            sent.append(item)
        }

        let isFirst = newest == nil
        let after = newest ?? .min
        let new = recent.prefix { $0.row.sequence > after }
        let shown = new.prefix(Self.most - sent.count)
        newest = max(after, recent.first?.row.sequence ?? 0)
        for record in shown.reversed() {
            let item = SignalItem(record)
            if item.state.isOpen { open[item.sequence] = item }
            sent.append(item)
        }
        if open.count > Self.mostWatched {
            for sequence in watched.prefix(open.count - Self.mostWatched) { open[sequence] = nil }
        }
        let total = last.map { emitted &- $0.emitted } ?? 0
        return (sent, isFirst ? 0 : max(0, max(total, new.count) - shown.count))
    }

    /// The rates since the last call.
    ///
    /// - Parameter time: seconds of a monotonic clock.
    mutating func rates(_ status: OutboxStatus, at time: Double) -> StateEvent.Rates {
        defer { last = (status.emitted, status.confirmed, time) }
        guard let last, time > last.time else { return StateEvent.Rates() }
        func rate(_ now: Int, _ before: Int) -> Double {
            (Double(max(0, now &- before)) / (time - last.time) * 10).rounded() / 10
        }
        return StateEvent.Rates(
            emitted: rate(status.emitted, last.emitted), confirmed: rate(status.confirmed, last.confirmed))
    }
}
