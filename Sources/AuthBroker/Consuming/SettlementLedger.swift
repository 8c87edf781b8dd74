// SPDX-License-Identifier: Apache-2.0
import DequeModule

/// The unsettled deliveries of one channel, and the fewest frames that send their settlements.
///
/// A channel's delivery tags count from 1 without gaps, and one acknowledgement can cover all tags up to its own
/// (`multiple`). That is allowed only if every one of them is acknowledged, since it would also settle deliveries that
/// are still being handled.
package struct SettlementLedger {
    /// How a delivery is settled.
    package enum Settlement: Hashable, Sendable {
        /// Handled: `basic.ack`.
        case acknowledge
        /// Returned to the queue: `basic.nack` with requeue.
        case release
        /// Dead-lettered by the broker: `basic.nack` without requeue.
        case reject
    }

    /// A frame to send.
    package enum Command: Hashable {
        case acknowledge(UInt64, multiple: Bool)
        case release(UInt64)
        case reject(UInt64)
    }

    private enum Slot { case open, acknowledged, told }

    /// The state of each delivery tag from `base` on.
    private var slots: Deque<Slot> = []
    private var base: UInt64 = 1
    /// Releases and rejections that are not yet sent, in order.
    private var others: [Command] = []
    private var acknowledged = 0

    package init() {}

    /// The number of settlements that are not yet sent.
    package var pending: Int { acknowledged + others.count }

    /// A message was delivered.
    ///
    /// - Throws: ``BrokerError`` with code ``BrokerError/Code/protocolError`` if the tag is not the next one. After
    ///   a gap or a repetition it is unknown which message a tag means, and an acknowledgement could settle a
    ///   message that was never received. Only a new connection, and with it new tags, is safe.
    package mutating func delivered(_ tag: UInt64) throws(BrokerError) {
        let next = base + UInt64(slots.count)
        guard tag == next else {
            throw BrokerError(
                .protocolError,
                "the broker sent delivery tag \(tag) instead of \(next); unsettled messages are redelivered"
            )
        }
        slots.append(.open)
    }

    /// A delivery was settled. Settling twice, or an unknown tag, is ignored.
    package mutating func settle(_ tag: UInt64, _ settlement: Settlement) {
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

    /// The frames for the settlements that are not yet sent, to be sent in this order.
    ///
    /// - Parameter isWhole: Whether to include all settlements. Otherwise deliveries that were acknowledged out of
    ///   order wait for those before them: each alone costs a frame and, in a quorum queue, a log entry.
    package mutating func commands(isWhole: Bool) -> [Command] {
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
