// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

/// A queue of a memory broker, with its consumers.
struct MemoryQueue {
    /// A message in the queue.
    struct Item {
        var message: SignalMessage
        var deliveryCount = 0
        /// In a retry queue: when it returns to the main queue.
        var release: Date?
    }

    /// A consumer of the queue.
    struct Consumer {
        var prefetch: Int
        var stream: AsyncStream<Delivery>.Continuation
        var epoch: UInt64 = 1
        var lastTag: UInt64 = 0
        var unacknowledged: [UInt64: Item] = [:]
        var isTaking = true
    }

    /// The contract's `x-delivery-limit`.
    static let deliveryLimit = Delivery.mostReturns

    var bindings: Set<SignalPattern> = []
    var ready: [Item] = []
    var consumers: [Int: Consumer] = [:]
    var turn = 0

    /// Delivers ready messages to the consumers, round-robin.
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

    /// Removes a delivery; nil if it belongs to another connection or was already settled.
    mutating func take(_ tag: Delivery.Tag, of number: Int) -> Item? {
        guard consumers[number]?.epoch == tag.epoch else { return nil }
        return consumers[number]?.unacknowledged.removeValue(forKey: tag.number)
    }

    /// Requeues items at the front and returns those that exceed the delivery limit.
    mutating func giveBack(_ items: [Item]) -> [SignalMessage] {
        let counted = items.map { item in
            var item = item
            item.deliveryCount += 1
            return item
        }
        ready.insert(contentsOf: counted.filter { $0.deliveryCount <= Self.deliveryLimit }, at: 0)
        return counted.filter { $0.deliveryCount > Self.deliveryLimit }.map(\.message)
    }

    /// Requeues the unacknowledged messages of a lost connection and returns those that exceed the delivery limit. The
    /// next connection has a new epoch.
    mutating func disconnect(_ number: Int) -> [SignalMessage] {
        guard let consumer = consumers[number] else { return [] }
        let items = consumer.unacknowledged.sorted { $0.key < $1.key }.map(\.value)
        consumers[number]?.unacknowledged = [:]
        consumers[number]?.epoch += 1
        consumers[number]?.lastTag = 0
        return giveBack(items)
    }
}
