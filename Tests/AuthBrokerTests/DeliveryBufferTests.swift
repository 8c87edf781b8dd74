// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Testing

@testable import AuthBroker

@Suite struct DeliveryBufferTests {
    private let buffer = DeliveryBuffer()

    private func delivery(_ number: UInt64, epoch: UInt64) -> Delivery {
        Delivery(
            message: SignalMessage(routingKey: "a.b", messageID: "\(number)", body: Data()),
            redelivered: false, deliveryCount: 0, tag: Delivery.Tag(epoch: epoch, number: number))
    }

    @Test func `deliveries are read in order, by a waiting reader and by a later one`() async {
        let epoch = buffer.connected()
        async let first = buffer.next()
        buffer.deliver(delivery(1, epoch: epoch))
        #expect(await first?.map(\.tag.number) == [1])
        buffer.deliver(delivery(2, epoch: epoch))
        #expect(await buffer.next()?.map(\.tag.number) == [2])
    }

    @Test func `next returns all buffered deliveries at once`() async {
        let epoch = buffer.connected()
        buffer.deliver([delivery(1, epoch: epoch), delivery(2, epoch: epoch)])
        buffer.deliver(delivery(3, epoch: epoch))
        let numbers = await buffer.next()?.map(\.tag.number)
        #expect(numbers == [1, 2, 3])
        buffer.end()
        let end = await buffer.next()
        #expect(end.map(\.count) == nil)
    }

    @Test func `the thread is woken once the requested number of settlements has arrived`() {
        let epoch = buffer.connected()
        #expect(!buffer.wake(at: 3))
        let woken = (1...4).map { (number: UInt64) in
            buffer.settle(Delivery.Tag(epoch: epoch, number: number), .acknowledge)
        }
        #expect(woken == [false, false, true, false])
        #expect(buffer.wake(at: 4))
        #expect(buffer.takeSettled().settled.count == 4)
        #expect(!buffer.wake(at: 1))
    }

    @Test func `unread deliveries are discarded with their connection`() async {
        buffer.deliver(delivery(1, epoch: buffer.connected()))
        buffer.disconnected()
        let epoch = buffer.connected()
        #expect(epoch == 2)
        buffer.deliver(delivery(1, epoch: epoch))
        #expect(await buffer.next()?.map(\.tag) == [Delivery.Tag(epoch: 2, number: 1)])
    }

    @Test func `ignores settlements of another connection or without a connection`() {
        #expect(!buffer.settle(Delivery.Tag(epoch: 0, number: 1), .acknowledge))
        _ = buffer.connected()
        #expect(buffer.settle(Delivery.Tag(epoch: 1, number: 1), .acknowledge))
        #expect(!buffer.settle(Delivery.Tag(epoch: 1, number: 2), .release))
        #expect(!buffer.settle(Delivery.Tag(epoch: 2, number: 3), .release))
        #expect(buffer.takeSettled().settled.map(\.number) == [1, 2])
        _ = buffer.settle(Delivery.Tag(epoch: 1, number: 3), .acknowledge)
        buffer.disconnected()
        #expect(!buffer.settle(Delivery.Tag(epoch: 1, number: 4), .acknowledge))
        _ = buffer.connected()
        #expect(buffer.takeSettled().settled.isEmpty)
        #expect(!buffer.isCurrent(Delivery.Tag(epoch: 1, number: 1)))
        #expect(buffer.isCurrent(Delivery.Tag(epoch: 2, number: 1)))
    }

    @Test func `flush waits for the thread, which takes the settlements and the flush together`() async {
        let epoch = buffer.connected()
        _ = buffer.settle(Delivery.Tag(epoch: epoch, number: 1), .acknowledge)
        let isTold = Locked(false)
        // This closure plays the thread that sends the settlements to the broker.
        await buffer.flush {
            let (settled, flushes) = buffer.takeSettled()
            #expect(settled.map(\.number) == [1])
            isTold.change { $0 = true }
            for flush in flushes { flush.resume() }
        }
        #expect(isTold.value)
        #expect(buffer.takeSettled().flushes.isEmpty)
    }

    @Test func `flush does not wait for a lost connection`() async {
        let wakes = Locked(0)
        await buffer.flush { wakes.change { $0 += 1 } }
        #expect(wakes.value == 0)
        _ = buffer.connected()
        await buffer.flush {
            wakes.change { $0 += 1 }
            buffer.disconnected()
        }
        #expect(wakes.value == 1)
    }

    @Test func `after stopTaking, buffered deliveries are returned and then nil`() async {
        let epoch = buffer.connected()
        buffer.deliver(delivery(1, epoch: epoch))
        await buffer.stopTaking { buffer.end() }
        #expect(!buffer.isTaking)
        #expect(await buffer.next()?.map(\.tag.number) == [1])
        #expect(await buffer.next()?.map(\.tag) == nil)
    }

    @Test func `stopTaking returns at once without a connection`() async {
        await buffer.stopTaking {}
        #expect(await buffer.next()?.map(\.tag) == nil)
    }

    @Test func `a cancelled reader gets nil`() async {
        _ = buffer.connected()
        let reader = Task { await buffer.next() }
        reader.cancel()
        #expect(await reader.value?.map(\.tag) == nil)
    }
}
