// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics

/// The handling of one delivery, from its bytes to its settlement.
extension SignalDispatcher {
    /// Handles a delivery until it is acknowledged or republished, or waits without a worker. If the task is cancelled,
    /// it stays unsettled.
    func handle(_ work: DeliveryQueue.Work, _ worker: WatchedWorker) async -> Progress {
        let delivery = work.delivery
        guard delivery.message.body.count <= Delivery.largestBody else {
            await republisher.deadLetter(
                delivery, error: "\(delivery.message.body.count) bytes",
                reason: FailedDelivery.Reason.tooLarge)
            return .ended
        }
        let event: SignalEvent
        do {
            event = try SignalCodec.event(from: delivery.message.body)
        } catch {
            await republisher.deadLetter(
                delivery, error: error.message, reason: FailedDelivery.Reason.malformed)
            return .ended
        }
        let chosen: [HandlerTable.Entry]
        if let name = delivery.message.headers[SignalMessage.HeaderName.handler]?.string {
            guard let entry = handlers.entry(named: name) else {
                await republisher.deadLetter(
                    delivery, error: nil, reason: FailedDelivery.Reason.unknownHandler)
                return .ended
            }
            chosen = [entry]
        } else {
            chosen = handlers.entries(for: event.name)
        }
        if delivery.deliveryCount >= Delivery.mostReturns,
            await republisher.settleAtDeliveryLimit(delivery, event, chosen)
        {
            return .ended
        }
        let span = runner.tracer.map {
            DeliverySpan(of: delivery.message, event, from: source.destination, tracer: $0)
        }
        return await finish(InFlightDelivery(work, event, handlers: chosen, span: span), worker)
    }

    /// Calls the remaining handlers, then settles the delivery.
    func finish(_ begun: InFlightDelivery, _ worker: WatchedWorker) async -> Progress {
        var inFlight = begun
        while let entry = inFlight.entry {
            if !entry.policy.isPlain || handlers.hasBatches {
                switch prepare(&inFlight, entry) {
                case .runs: break
                case .isSkipped: continue
                case .waits: return .waits
                }
            }
            if let circuit = entry.policy.circuit, !circuit.isQuiet {
                switch await admit(&inFlight, entry, circuit) {
                case .runs: break
                case .isSkipped: continue
                case .waits: return .ended
                }
            }
            do {
                switch try await runner.run(
                    entry, for: inFlight, in: worker, submits: maySubmitMark(inFlight))
                {
                case .handled: succeed(&inFlight, entry, .success)
                case .unmarked:
                    succeed(&inFlight, entry, .success)
                    await settleAfterMark(inFlight, entry)
                    return .ended
                case .duplicate: succeed(&inFlight, entry, .neutral)
                case .abandoned: return .abandoned
                }
            } catch {
                if Task.isCancelled { return .ended }
                fail(&inFlight, error)
            }
        }
        await settle(inFlight)
        return .ended
    }

    func settle(_ inFlight: InFlightDelivery) async {
        if inFlight.copies.isEmpty {
            source.acknowledge(inFlight.delivery)
        } else {
            inFlight.span?.fail()
            await republisher.republish(inFlight.delivery, as: inFlight.copies)
        }
        inFlight.span?.end()
    }

    /// The current handler has returned, or was not called for a duplicate.
    func succeed(
        _ inFlight: inout InFlightDelivery, _ entry: HandlerTable.Entry, _ outcome: CircuitBreaker.Outcome
    ) {
        _ = entry.policy.circuit?.ended(outcome, of: inFlight.event.id, asProbe: inFlight.isProbe)
        returnPermit(of: inFlight)
        inFlight.hasPermit = false
        inFlight.advance()
    }

    /// The current handler has failed: adds a copy for it, and continues with the next one.
    ///
    /// If its circuit is open, the failure is not counted as an attempt: the copy is deferred. In a strictly ordered
    /// queue the delivery stays at this handler, and is held.
    func fail(_ inFlight: inout InFlightDelivery, _ error: any Error) {
        guard let entry = inFlight.entry else { return }
        entry.metrics.failed.increment()
        returnPermit(of: inFlight)
        inFlight.hasPermit = false
        let outcome: CircuitBreaker.Outcome = republisher.isFinal(error) ? .neutral : .failure
        let isProbe = inFlight.isProbe
        inFlight.isProbe = false
        if let circuit = entry.policy.circuit,
            !circuit.ended(outcome, of: inFlight.event.id, asProbe: isProbe)
        {
            logger.debug(
                "handler failed while its circuit was open",
                metadata: ["handler": "\(entry.handler.name)", "error": "\(type(of: error))"])
            if source.isStrictlyOrdered { return }
            inFlight.advance(
                adding: republisher.deferredCopy(
                    of: inFlight.delivery, for: entry, on: circuit.rung, after: error))
            return
        }
        inFlight.advance(
            adding: republisher.copy(of: inFlight.delivery, inFlight.event, for: entry, after: error))
    }
}
