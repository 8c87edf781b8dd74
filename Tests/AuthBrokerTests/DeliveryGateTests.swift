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

    @Test func `deliveries pass in order, to one that waits and to one that comes later`() async {
        let epoch = gate.connected()
        async let first = gate.next()
        gate.deliver(delivery(1, epoch: epoch))
        gate.deliver(delivery(2, epoch: epoch))
        #expect(await first?.tag.number == 1)
        #expect(await gate.next()?.tag.number == 2)
    }

    @Test func `what is there is handed out in one piece`() async {
        let epoch = gate.connected()
        gate.deliver([delivery(1, epoch: epoch), delivery(2, epoch: epoch)])
        gate.deliver(delivery(3, epoch: epoch))
        let numbers = await gate.nextAll()?.map(\.tag.number)
        #expect(numbers == [1, 2, 3])
        gate.end()
        let end = await gate.nextAll()
        #expect(end.map(\.count) == nil)
    }

    @Test func `the thread is woken once so many settlements have come`() {
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

    @Test func `what was not read is forgotten with its connection`() async {
        gate.deliver(delivery(1, epoch: gate.connected()))
        gate.disconnected()
        let epoch = gate.connected()
        #expect(epoch == 2)
        gate.deliver(delivery(1, epoch: epoch))
        #expect(await gate.next()?.tag == Delivery.Tag(epoch: 2, number: 1))
    }

    @Test func `settlements of another connection, or of none, are passed over`() {
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

    @Test func `who wants what was settled told waits for the thread, which finds both together`() async {
        let epoch = gate.connected()
        _ = gate.settle(Delivery.Tag(epoch: epoch, number: 1), .acknowledge)
        let isTold = Locked(false)
        // The wake-up stands for the thread, which tells the broker.
        await gate.flush {
            let (settled, flushes) = gate.takeSettled()
            #expect(settled.map(\.number) == [1])
            isTold.change { $0 = true }
            for flush in flushes { flush.resume() }
        }
        #expect(isTold.value)
        #expect(gate.takeSettled().flushes.isEmpty)
    }

    @Test func `who wants what was settled told does not wait for a connection that is gone`() async {
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

    @Test func `after it stops taking, what had come is handed out and then it ends`() async {
        let epoch = gate.connected()
        gate.deliver(delivery(1, epoch: epoch))
        await gate.stopTaking { gate.end() }
        #expect(!gate.isTaking)
        #expect(await gate.next()?.tag.number == 1)
        #expect(await gate.next()?.tag == nil)
    }

    @Test func `without a connection it stops taking at once`() async {
        await gate.stopTaking {}
        #expect(await gate.next()?.tag == nil)
    }

    @Test func `a reader that is cancelled reads nothing more`() async {
        _ = gate.connected()
        let reader = Task { await gate.next() }
        reader.cancel()
        #expect(await reader.value?.tag == nil)
    }
}
