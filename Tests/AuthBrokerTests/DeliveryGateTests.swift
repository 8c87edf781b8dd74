// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Testing

@testable import AuthBroker

@Suite struct DeliveryGateTests {
    private let gate = DeliveryGate()

    private func delivery(_ number: UInt64, epoch: UInt64) -> Delivery {
        Delivery(
            message: SignalMessage(routingKey: "a.b", messageID: "\(number)", body: Data()),
            redelivered: false, deliveryCount: 0, tag: Delivery.Tag(epoch: epoch, number: number))
    }

    @Test func `deliveries are read in order, by a waiting reader and by a later one`() async {
        let epoch = gate.connected()
        async let first = gate.next()
        gate.deliver(delivery(1, epoch: epoch))
        gate.deliver(delivery(2, epoch: epoch))
        #expect(await first?.tag.number == 1)
        #expect(await gate.next()?.tag.number == 2)
    }

    @Test func `nextAll returns all buffered deliveries at once`() async {
        let epoch = gate.connected()
        gate.deliver([delivery(1, epoch: epoch), delivery(2, epoch: epoch)])
        gate.deliver(delivery(3, epoch: epoch))
        let numbers = await gate.nextAll()?.map(\.tag.number)
        #expect(numbers == [1, 2, 3])
        gate.end()
        let end = await gate.nextAll()
        #expect(end.map(\.count) == nil)
    }

    @Test func `the thread is woken once the requested number of settlements has arrived`() {
        let epoch = gate.connected()
        #expect(!gate.wake(at: 3))
        let woken = (1...4).map { (number: UInt64) in
            gate.settle(Delivery.Tag(epoch: epoch, number: number), .acknowledge)
        }
        #expect(woken == [false, false, true, false])
        #expect(gate.wake(at: 4))
        #expect(gate.takeSettled().settled.count == 4)
        #expect(!gate.wake(at: 1))
    }

    @Test func `unread deliveries are discarded with their connection`() async {
        gate.deliver(delivery(1, epoch: gate.connected()))
        gate.disconnected()
        let epoch = gate.connected()
        #expect(epoch == 2)
        gate.deliver(delivery(1, epoch: epoch))
        #expect(await gate.next()?.tag == Delivery.Tag(epoch: 2, number: 1))
    }

    @Test func `ignores settlements of another connection or without a connection`() {
        #expect(!gate.settle(Delivery.Tag(epoch: 0, number: 1), .acknowledge))
        _ = gate.connected()
        #expect(gate.settle(Delivery.Tag(epoch: 1, number: 1), .acknowledge))
        #expect(!gate.settle(Delivery.Tag(epoch: 1, number: 2), .release))
        #expect(!gate.settle(Delivery.Tag(epoch: 2, number: 3), .release))
        #expect(gate.takeSettled().settled.map(\.number) == [1, 2])
        _ = gate.settle(Delivery.Tag(epoch: 1, number: 3), .acknowledge)
        gate.disconnected()
        #expect(!gate.settle(Delivery.Tag(epoch: 1, number: 4), .acknowledge))
        _ = gate.connected()
        #expect(gate.takeSettled().settled.isEmpty)
        #expect(!gate.isCurrent(Delivery.Tag(epoch: 1, number: 1)))
        #expect(gate.isCurrent(Delivery.Tag(epoch: 2, number: 1)))
    }

    @Test func `flush waits for the thread, which takes the settlements and the flush together`() async {
        let epoch = gate.connected()
        _ = gate.settle(Delivery.Tag(epoch: epoch, number: 1), .acknowledge)
        let isTold = Locked(false)
        // This closure plays the thread that sends the settlements to the broker.
        await gate.flush {
            let (settled, flushes) = gate.takeSettled()
            #expect(settled.map(\.number) == [1])
            isTold.change { $0 = true }
            for flush in flushes { flush.resume() }
        }
        #expect(isTold.value)
        #expect(gate.takeSettled().flushes.isEmpty)
    }

    @Test func `flush does not wait for a lost connection`() async {
        let wakes = Locked(0)
        await gate.flush { wakes.change { $0 += 1 } }
        #expect(wakes.value == 0)
        _ = gate.connected()
        await gate.flush {
            wakes.change { $0 += 1 }
            gate.disconnected()
        }
        #expect(wakes.value == 1)
    }

    @Test func `after stopTaking, buffered deliveries are returned and then nil`() async {
        let epoch = gate.connected()
        gate.deliver(delivery(1, epoch: epoch))
        await gate.stopTaking { gate.end() }
        #expect(!gate.isTaking)
        #expect(await gate.next()?.tag.number == 1)
        #expect(await gate.next()?.tag == nil)
    }

    @Test func `stopTaking returns at once without a connection`() async {
        await gate.stopTaking {}
        #expect(await gate.next()?.tag == nil)
    }

    @Test func `a cancelled reader gets nil`() async {
        _ = gate.connected()
        let reader = Task { await gate.next() }
        reader.cancel()
        #expect(await reader.value?.tag == nil)
    }
}
