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

    /// A message was delivered.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/protocolError`` if the tag is not the next one. After
    ///   a gap or a repetition it is unknown what the broker means by a tag, and an acknowledgement could settle
    ///   a message that was never received. Only a new connection, and with it new tags, is safe.
    mutating func delivered(_ tag: UInt64) throws(BrokerError) {
        let next = base + UInt64(slots.count)
        guard tag == next else {
            throw BrokerError(
                .protocolError,
                "the broker sent delivery tag \(tag) instead of \(next); what is unsettled is delivered again"
            )
        }
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
