// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A queue of a memory broker's, with those that consume it.
struct MemoryQueue {
    /// A message in its place.
    struct Item {
        var message: SignalMessage
        var deliveryCount = 0
        /// On a rung of the ladder: when it goes back.
        var release: Date?
    }

    /// One that consumes the queue.
    struct Consumer {
        var prefetch: Int
        var stream: AsyncStream<Delivery>.Continuation
        var epoch: UInt64 = 1
        var lastTag: UInt64 = 0
        var unacknowledged: [UInt64: Item] = [:]
        var isTaking = true
    }

    /// As the contract declares `x-delivery-limit`.
    static let deliveryLimit = Delivery.mostReturns

    var bindings: Set<SignalPattern> = []
    var ready: [Item] = []
    var consumers: [Int: Consumer] = [:]
    var turn = 0

    /// Hands out what can be handed out, the consumers by turns.
    mutating func deliver() {
        while let item = ready.first, let number = nextConsumer(), var consumer = consumers[number] {
            ready.removeFirst()
            consumer.lastTag += 1
            consumer.unacknowledged[consumer.lastTag] = item
            consumers[number] = consumer
            consumer.stream.yield(
                Delivery(
                    message: item.message, redelivered: item.deliveryCount > 0,
                    deliveryCount: item.deliveryCount,
                    tag: Delivery.Tag(epoch: consumer.epoch, number: consumer.lastTag)))
        }
    }

    private mutating func nextConsumer() -> Int? {
        let free = consumers.filter { $0.value.isTaking && $0.value.unacknowledged.count < $0.value.prefetch }
            .keys.sorted()
        guard let chosen = free.first(where: { $0 > turn }) ?? free.first else { return nil }
        turn = chosen
        return chosen
    }

    /// Removes a delivery; nil where it is not of this connection or was settled.
    mutating func take(_ tag: Delivery.Tag, of number: Int) -> Item? {
        guard consumers[number]?.epoch == tag.epoch else { return nil }
        return consumers[number]?.unacknowledged.removeValue(forKey: tag.number)
    }

    /// Puts items back in their place and returns those that were delivered too often.
    mutating func giveBack(_ items: [Item]) -> [SignalMessage] {
        let counted = items.map { item in
            var item = item
            item.deliveryCount += 1
            return item
        }
        ready.insert(contentsOf: counted.filter { $0.deliveryCount <= Self.deliveryLimit }, at: 0)
        return counted.filter { $0.deliveryCount > Self.deliveryLimit }.map(\.message)
    }

    /// What a consumer's lost connection leaves; the next one has a new epoch.
    mutating func disconnect(_ number: Int) -> [SignalMessage] {
        guard let consumer = consumers[number] else { return [] }
        let items = consumer.unacknowledged.sorted { $0.key < $1.key }.map(\.value)
        consumers[number]?.unacknowledged = [:]
        consumers[number]?.epoch += 1
        consumers[number]?.lastTag = 0
        return giveBack(items)
    }
}
