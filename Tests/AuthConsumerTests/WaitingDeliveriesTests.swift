// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Logging
import Metrics
import Testing

@testable import AuthConsumer

@Suite struct WaitingDeliveriesTests {
    private let now = ContinuousClock.now

    /// A delivery for one handler.
    private func delivery(_ number: Int, _ subject: String) throws -> InFlightDelivery {
        var handlers = SignalHandlers()
        handlers.on(TestSignal.self, as: "only") { _, _ in }
        let table = HandlerTable(
            handlers, DispatcherSettings(), clock: FixedClock(), logger: Logger(label: "test"),
            metrics: NOOPMetricsHandler.instance)
        let message = SignalMessage.test(number, subject: subject)
        let delivery = Delivery(
            message: message, redelivered: false, deliveryCount: 0,
            tag: Delivery.Tag(epoch: 1, number: UInt64(number)))
        return InFlightDelivery(
            (.subject(subject), delivery), try SignalCodec.event(from: message.body),
            handlers: table.entries(for: TestSignal.name))
    }

    private func batch(_ size: Int) -> HandlerBatch {
        HandlerBatch(size: size, delay: .seconds(1)) { _ in }
    }

    /// A class, so that expectations can contain calls that change it.
    private final class Waiting {
        var state: WaitingDeliveries
        /// The deliveries that ``take()`` has returned last.
        var taken: [InFlightDelivery] = []

        init(_ state: WaitingDeliveries) { self.state = state }

        var isEmpty: Bool { state.isEmpty }
        var hasReady: Bool { state.first != nil }

        func takePermit(_ delivery: InFlightDelivery) -> Bool { state.takePermit(0, for: delivery) }
        func passes(_ delivery: InFlightDelivery) -> Bool { state.passesBarrier(delivery) }

        func joins(_ delivery: InFlightDelivery, at now: ContinuousClock.Instant) -> Bool {
            switch state.join(0, delivery, at: now) {
            case .joined: true
            case .joinedExclusively, .waits: false
            }
        }

        func timer(_ isTimer: Bool, at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
            state.timer(of: 0, isTimer: isTimer, at: now)
        }

        /// The numbers of the deliveries that continue next.
        func take() -> [UInt64] {
            guard let next = state.takeFirst() else { return [] }
            switch next.ready {
            case .delivery(let delivery): taken = [delivery]
            case .batch: taken = next.members
            }
            return taken.map(\.delivery.tag.number)
        }
    }

    @Test func `a returned permit goes to the delivery that has waited longest`() throws {
        let waiting = Waiting(WaitingDeliveries(limits: [1]))
        let deliveries = try [delivery(1, "a"), delivery(2, "b"), delivery(3, "c")]
        #expect(deliveries.map { waiting.takePermit($0) } == [true, false, false])
        #expect(!waiting.hasReady)
        waiting.state.returnPermit(0)
        #expect(waiting.take() == [2])
        #expect(waiting.taken.first?.hasPermit == true)
        waiting.state.returnPermit(0)
        #expect(waiting.take() == [3])
        waiting.state.returnPermit(0)
        #expect(waiting.isEmpty)
        #expect(waiting.takePermit(deliveries[0]))
    }

    @Test func `a batch is ready when it is full or when its first delivery is due`() throws {
        let waiting = Waiting(WaitingDeliveries(batches: [batch(2)]))
        let deliveries = try [delivery(1, "a"), delivery(2, "b"), delivery(3, "c")]
        #expect(waiting.joins(deliveries[0], at: now))
        #expect(!waiting.hasReady)
        #expect(waiting.timer(false, at: now) == now + .seconds(1))
        // One task is enough.
        #expect(waiting.timer(false, at: now) == nil)
        #expect(waiting.joins(deliveries[1], at: now))
        #expect(waiting.take() == [1, 2])
        for member in waiting.taken { waiting.state.leave(member) }
        #expect(waiting.joins(deliveries[2], at: now + .seconds(1)))
        waiting.state.endBatch(0, isDraining: false)
        // The first task waits for the new delivery.
        #expect(waiting.timer(true, at: now + .seconds(1)) == now + .seconds(2))
        #expect(waiting.timer(true, at: now + .seconds(2)) == nil)
        #expect(waiting.take() == [3])
        waiting.state.endBatch(0, isDraining: false)
        #expect(waiting.isEmpty)
    }

    @Test func `batches of one handler do not overlap`() throws {
        let waiting = Waiting(WaitingDeliveries(batches: [batch(1)]))
        let deliveries = try [delivery(1, "a"), delivery(2, "b")]
        #expect(waiting.joins(deliveries[0], at: now))
        #expect(waiting.take() == [1])
        #expect(waiting.joins(deliveries[1], at: now))
        #expect(!waiting.hasReady && !waiting.isEmpty)
        waiting.state.endBatch(0, isDraining: false)
        #expect(waiting.take() == [2])
    }

    @Test func `a delivery for another handler waits for the batch of its subject`() throws {
        let waiting = Waiting(WaitingDeliveries(batches: [batch(10)]))
        let deliveries = try [delivery(1, "a"), delivery(2, "a"), delivery(3, "a"), delivery(4, "b")]
        #expect(waiting.joins(deliveries[0], at: now))
        #expect(waiting.passes(deliveries[3]))
        #expect(!waiting.passes(deliveries[1]))
        // The batch does not wait any longer.
        #expect(waiting.take() == [1])
        #expect(!waiting.hasReady && !waiting.isEmpty)
        for member in waiting.taken { waiting.state.leave(member) }
        #expect(waiting.take() == [2])
        #expect(waiting.passes(deliveries[2]))
    }

    @Test func `in a strictly ordered queue deliveries of all subjects wait for a batch`() throws {
        let waiting = Waiting(WaitingDeliveries(batches: [batch(10)], isSerial: true))
        let deliveries = try [delivery(1, "a"), delivery(2, "b"), delivery(3, "c")]
        #expect(waiting.joins(deliveries[0], at: now))
        #expect(!waiting.passes(deliveries[1]))
        // Nothing overtakes the one that waits, not even for the same batch.
        #expect(!waiting.joins(deliveries[2], at: now))
        #expect(waiting.take() == [1])
        for member in waiting.taken { waiting.state.leave(member) }
        waiting.state.endBatch(0, isDraining: false)
        #expect([waiting.take(), waiting.take()] == [[2], [3]])
    }
}
