// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Limits the body bytes of a consumer's unsettled deliveries, the **held** bytes.
///
/// A prefetch counts messages, and RabbitMQ has no limit in bytes (`prefetch-size`): a queue of bodies just under
/// 16 MiB would cost the prefetch times 16 MiB. A consumer cannot just stop reading, since the broker closes a
/// connection that is not read. So every delivery is read, and one that does not fit is dropped: only its tag is kept.
/// The ``ConsumingDriver`` then cancels its consumer, returns the dropped deliveries to the queue in their order, and
/// consumes again, with a smaller prefetch, when the budget has room. A prefetch grows only while the held bytes are
/// few, so that a queue of large bodies does not exceed the budget again and again.
///
/// A single active consumer is never replaced, because another worker would get the queue and the order would be lost.
/// Its prefetch is small enough that all bodies that a handler can receive fit. A larger body is dead-lettered whatever
/// its position; if it does not fit beside the others, the broker dead-letters it.
struct DeliveryBudget {
    /// The maximum of ``held``.
    private let limit: Int
    /// The part of `limit` that is for bodies that a handler can receive; such bodies always fit then.
    private let reserved: Int

    /// The sizes of the unsettled deliveries by tag.
    private var sizes: [UInt64: Int] = [:]
    /// The body bytes of the unsettled deliveries.
    private(set) var held = 0
    /// The largest value that ``held`` had.
    private(set) var highest = 0
    /// The largest value that ``held`` had since ``begin()`` or ``measure()``.
    private var peak = 0
    /// The largest body since the current consumer began.
    private var largest = 0

    /// - Parameter limit: The maximum of the held bytes, from ``BrokerSettings/leastInFlightBytes``.
    init(limit: Int) {
        self.limit = limit
        reserved = 0
    }

    /// The budget of a single active consumer.
    ///
    /// - Parameter prefetch: From 1 to ``strictPrefetch(limit:largestBody:)``.
    init(limit: Int, singleActivePrefetch prefetch: Int) {
        self.limit = limit
        reserved = prefetch > 1 ? prefetch * Delivery.largestBody : 0
    }

    /// The largest prefetch of a single active consumer: all bodies that handlers can receive fit beside a body of the
    /// maximum size.
    static func strictPrefetch(limit: Int, largestBody: Int) -> Int {
        max(1, (limit - min(limit, largestBody)) / Delivery.largestBody)
    }

    /// The number of unsettled deliveries that are held.
    var count: Int { sizes.count }

    /// Whether a delivery fits; if so, it is held until ``release(_:)``. A body of at most the limit fits if nothing is
    /// held.
    mutating func admit(_ tag: UInt64, bytes: Int) -> Bool {
        largest = max(largest, bytes)
        let isReserved = reserved > 0 && bytes <= Delivery.largestBody
        guard isReserved || bytes <= limit - reserved - held else { return false }
        sizes[tag] = bytes
        held += bytes
        peak = max(peak, held)
        highest = max(highest, held)
        return true
    }

    /// A delivery was dropped without asking whether it fits.
    mutating func skip(bytes: Int) { largest = max(largest, bytes) }

    /// A delivery was settled; one that is not held is ignored.
    mutating func release(_ tag: UInt64) { held -= sizes.removeValue(forKey: tag) ?? 0 }

    /// A consumer begins.
    mutating func begin() {
        peak = held
        largest = 0
    }

    /// Restarts the measurement for ``allowsMore``.
    mutating func measure() { peak = held }

    /// Whether a consumer with twice the prefetch would most likely fit, even while the deliveries of the current one
    /// are unsettled.
    var allowsMore: Bool { peak <= limit / 3 }

    /// How many bodies of the largest size fit into half the budget, at least 1.
    var fitting: Int { max(1, limit / 2 / max(1, largest)) }

    /// Whether as many bodies of the largest size fit beside the held ones.
    func hasRoom(for count: Int) -> Bool { held == 0 || largest <= (limit - held) / max(1, count) }
}
