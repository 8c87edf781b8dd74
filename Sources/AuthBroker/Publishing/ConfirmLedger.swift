// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// What was published on one channel and not answered yet: events in, settled items out.
///
/// The broker numbers what a channel publishes from 1 and confirms by number: one at a time or all up to one,
/// in any order. A message that no queue took is sent back before it is confirmed. So an item's outcome is
/// known when its number is confirmed, and is *returned* where it was sent back before.
struct ConfirmLedger<Item> {
    /// An item with what became of it.
    struct Settled {
        var item: Item
        var outcome: PublishOutcome
    }

    private struct Slot {
        let item: Item
        let since: ContinuousClock.Instant
        var returned: PublishOutcome?
    }

    /// The slots of the numbers from `base` on; nil once settled. The first is never settled.
    private var slots: [Slot?] = []
    /// How many slots at the beginning are behind `base`; cut off now and then.
    private var passed = 0
    private var base: UInt64 = 1

    /// How many items have no answer yet.
    private(set) var outstanding = 0

    /// How many numbers lie between the oldest item without an answer and the next to be published.
    var span: Int { slots.count - passed }

    /// When the oldest item without an answer was published.
    var oldest: ContinuousClock.Instant? { passed < slots.count ? slots[passed]?.since : nil }

    /// An item was published. Its number is the next one: the channel and this ledger both count from 1.
    mutating func published(_ item: Item, at now: ContinuousClock.Instant) {
        slots.append(Slot(item: item, since: now))
        outstanding += 1
    }

    /// The broker sent a message back: the first one that `isMeant` and was not sent back yet, for returns come
    /// in the order of publishing.
    ///
    /// - Returns: whether there was one.
    @discardableResult
    mutating func returned(code: Int, text: String, _ isMeant: (Item) -> Bool) -> Bool {
        for index in passed..<slots.count {
            guard let slot = slots[index], slot.returned == nil, isMeant(slot.item) else { continue }
            slots[index]?.returned = .returned(code: code, text: text)
            return true
        }
        return false
    }

    /// The broker has taken a message, or all up to it.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/protocolError`` if nothing was published under
    ///   that number.
    mutating func confirmed(_ tag: UInt64, multiple: Bool) throws(BrokerError) -> [Settled] {
        try settle(tag, multiple: multiple) { $0.returned ?? .confirmed }
    }

    /// The broker has refused a message, or all up to it.
    ///
    /// - Throws: As ``confirmed(_:multiple:)``.
    mutating func nacked(_ tag: UInt64, multiple: Bool) throws(BrokerError) -> [Settled] {
        try settle(tag, multiple: multiple) { $0.returned ?? .nacked }
    }

    /// The connection is gone: what was not answered may be stored or not. What was sent back was certainly
    /// routed nowhere.
    mutating func closed(_ reason: String) -> [Settled] { closed(.unknown(reason)) }

    /// The connection is gone, and there is an outcome for what was not answered.
    mutating func closed(_ outcome: PublishOutcome) -> [Settled] {
        let settled = slots[passed...].compactMap { slot in
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
                "the broker answered for publish \(tag), and the last one was \(base + UInt64(span) - 1)")
        }
        // One that is settled already is ignored.
        guard tag >= base else { return [] }
        let index = passed + Int(tag - base)
        var settled: [Settled] = []
        for index in (multiple ? passed : index)...index {
            guard let slot = slots[index] else { continue }
            settled.append(Settled(item: slot.item, outcome: outcome(slot)))
            slots[index] = nil
        }
        outstanding -= settled.count
        while passed < slots.count, slots[passed] == nil {
            passed += 1
            base += 1
        }
        if passed == slots.count || passed > 1024 {
            slots.removeFirst(passed)
            passed = 0
        }
        return settled
    }
}
