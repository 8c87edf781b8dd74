// SPDX-License-Identifier: Apache-2.0

/// The deliveries of one channel that the broker waits to hear of, and the fewest frames that tell it.
///
/// A channel's deliveries are numbered from 1 without gaps, and one acknowledgement can stand for all up to a
/// number. It may do so only where every one of them is acknowledged, for it settles those that are still in
/// work as well.
struct SettlementLedger {
    /// What is done with a delivery.
    enum Settlement: Hashable, Sendable {
        /// It is done: `basic.ack`.
        case acknowledge
        /// It goes back to the queue: `basic.nack` with requeue.
        case release
        /// The queue's dead-lettering takes it: `basic.nack` without.
        case reject
    }

    /// A frame for the broker.
    enum Command: Hashable {
        case acknowledge(UInt64, multiple: Bool)
        case release(UInt64)
        case reject(UInt64)
    }

    private enum Slot { case open, acknowledged, told }

    /// The slots of the numbers from `base` on.
    private var slots: [Slot] = []
    private var base: UInt64 = 1
    /// Releases and rejections that were not told yet, in their order.
    private var others: [Command] = []
    private var acknowledged = 0

    /// How many settlements the broker has not been told.
    var pending: Int { acknowledged + others.count }

    /// A message was delivered; its number must be the next.
    mutating func delivered(_ tag: UInt64) {
        precondition(tag == base + UInt64(slots.count), "delivery tags are consecutive")
        slots.append(.open)
    }

    /// A delivery was settled. The second word about one is passed over, and so is one about none.
    mutating func settle(_ tag: UInt64, _ settlement: Settlement) {
        guard tag >= base, tag < base + UInt64(slots.count) else { return }
        let index = Int(tag - base)
        guard slots[index] == .open else { return }
        switch settlement {
        case .acknowledge:
            slots[index] = .acknowledged
            acknowledged += 1
        case .release:
            slots[index] = .told
            others.append(.release(tag))
        case .reject:
            slots[index] = .told
            others.append(.reject(tag))
        }
    }

    /// The frames that tell the broker what it has not been told; they are to be sent in this order.
    ///
    /// - Parameter isWhole: whether to tell everything. Otherwise what was acknowledged out of order waits for
    ///   those before it: each by itself is a frame, and for a quorum queue an entry of its log.
    mutating func commands(isWhole: Bool) -> [Command] {
        var commands = others
        others = []
        let settledPrefix = slots.prefix { $0 != .open }
        let count = settledPrefix.count { $0 == .acknowledged }
        if count > 0, let last = settledPrefix.lastIndex(of: .acknowledged) {
            commands.append(.acknowledge(base + UInt64(last), multiple: count > 1))
        }
        acknowledged -= count
        if isWhole, acknowledged > 0 {
            for index in settledPrefix.count..<slots.count where slots[index] == .acknowledged {
                commands.append(.acknowledge(base + UInt64(index), multiple: false))
                slots[index] = .told
            }
            acknowledged = 0
        }
        base += UInt64(settledPrefix.count)
        slots.removeFirst(settledPrefix.count)
        return commands
    }
}
