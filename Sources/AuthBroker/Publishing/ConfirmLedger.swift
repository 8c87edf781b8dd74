// SPDX-License-Identifier: Apache-2.0
package import AuthSignals
import DequeModule

/// The messages of one channel that were published and not yet confirmed: events in, settled items out.
///
/// The messages of a channel are numbered from 1, and the broker confirms by number: a single one or all up to one, in
/// any order. A message that reached no queue is returned (`basic.return`) before it is confirmed. So an item's outcome
/// is known when its number is confirmed, and is *returned* if a return came before.
package struct ConfirmLedger<Item> {
    /// An item with its outcome.
    package struct Settled {
        package var item: Item
        package var outcome: PublishOutcome
    }

    private struct Slot {
        let item: Item
        let since: ContinuousClock.Instant
        var returned: PublishOutcome?
    }

    /// The slots of the numbers from `base` on; nil once settled. The slot of `base` is never settled.
    private var slots: Deque<Slot?> = []
    private var base: UInt64 = 1

    package init() {}

    /// The number of unconfirmed items.
    package private(set) var outstanding = 0

    /// The distance between the oldest unconfirmed item's number and the next number.
    var span: Int { slots.count }

    /// When the oldest unconfirmed item was published.
    package var oldest: ContinuousClock.Instant? { (slots.first ?? nil)?.since }

    /// An item was published. Its number is the next one: the channel and this ledger both count from 1.
    package mutating func published(_ item: Item, at now: ContinuousClock.Instant) {
        slots.append(Slot(item: item, since: now))
        outstanding += 1
    }

    /// The broker returned a message: the first one that matches `isMeant` and was not returned yet, since returns
    /// arrive in the order of publishing.
    ///
    /// - Returns: Whether such a message exists.
    @discardableResult
    package mutating func returned(code: Int, text: String, _ isMeant: (Item) -> Bool) -> Bool {
        for index in slots.indices {
            guard let slot = slots[index], slot.returned == nil, isMeant(slot.item) else { continue }
            slots[index]?.returned = .returned(code: code, text: text)
            return true
        }
        return false
    }

    /// The broker has confirmed a message, or all up to it.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/protocolError`` if no message has that number.
    package mutating func confirmed(_ tag: UInt64, multiple: Bool) throws(BrokerError) -> [Settled] {
        try settle(tag, multiple: multiple) { $0.returned ?? .confirmed }
    }

    /// The broker has nacked a message, or all up to it.
    ///
    /// - Throws: As ``confirmed(_:multiple:)``.
    package mutating func nacked(_ tag: UInt64, multiple: Bool) throws(BrokerError) -> [Settled] {
        try settle(tag, multiple: multiple) { $0.returned ?? .nacked }
    }

    /// The connection was lost: whether unconfirmed messages are stored is unknown. Returned messages certainly reached
    /// no queue.
    mutating func closed(_ reason: String) -> [Settled] { closed(.unknown(reason)) }

    /// The connection was lost, and the outcome of unconfirmed messages is known.
    mutating func closed(_ outcome: PublishOutcome) -> [Settled] {
        let settled = slots.compactMap { slot in
            slot.map { Settled(item: $0.item, outcome: $0.returned ?? outcome) }
        }
        self = ConfirmLedger()
        return settled
    }

    private mutating func settle(
        _ tag: UInt64, multiple: Bool, _ outcome: (Slot) -> PublishOutcome
    ) throws(BrokerError) -> [Settled] {
        guard tag >= 1, tag < base + UInt64(span) else {
            throw BrokerError(
                .protocolError,
                "the broker confirmed publish \(tag), but the last one was \(base + UInt64(span) - 1)")
        }
        // A repeated confirm is ignored.
        guard tag >= base else { return [] }
        let index = Int(tag - base)
        var settled: [Settled] = []
        for index in (multiple ? 0 : index)...index {
            guard let slot = slots[index] else { continue }
            settled.append(Settled(item: slot.item, outcome: outcome(slot)))
            slots[index] = nil
        }
        outstanding -= settled.count
        while let first = slots.first, first == nil {
            slots.removeFirst()
            base += 1
        }
        return settled
    }
}
