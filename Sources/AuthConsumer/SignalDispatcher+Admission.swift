// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Whether a message may be passed to a handler now: the handler's filter, batch, limit and circuit.
extension SignalDispatcher {
    /// Whether the current handler may be called now.
    enum Readiness {
        case runs
        /// Not at all: the delivery continues with the next handler.
        case isSkipped
        /// Not now.
        case waits
    }

    /// Applies the handler's filter, batch and limit.
    func prepare(_ inFlight: inout InFlightDelivery, _ entry: HandlerTable.Entry) -> Readiness {
        if inFlight.hasPermit { return .runs }
        do {
            guard try entry.handler.accepts(inFlight.event) else {
                inFlight.advance()
                return .isSkipped
            }
        } catch {
            fail(&inFlight, error)
            return .isSkipped
        }
        if let batch = entry.policy.batch, mayJoinBatch(inFlight, entry) {
            queue.join(batch, inFlight)
            return .waits
        }
        if handlers.hasBatches, !inFlight.hasStarted {
            guard queue.passesBarrier(inFlight) else { return .waits }
            inFlight.hasStarted = true
        }
        if let permits = entry.policy.permits {
            guard queue.takePermit(permits, for: inFlight) else { return .waits }
            inFlight.hasPermit = true
        }
        return .runs
    }

    func returnPermit(of inFlight: InFlightDelivery) {
        guard inFlight.hasPermit, let permits = inFlight.entry?.policy.permits else { return }
        queue.returnPermit(permits)
    }

    // MARK: Open circuits

    /// Whether a message may be passed to a handler whose circuit is not known to be closed; defers or holds it
    /// otherwise.
    ///
    /// - Parameter isPaced: false within a batch, whose other messages wait for this one.
    /// - Returns: `waits` if the delivery must stay unsettled, because it can no longer be settled or the worker stops.
    func admit(
        _ inFlight: inout InFlightDelivery, _ entry: HandlerTable.Entry, _ circuit: HandlerCircuit,
        isPaced: Bool = true
    ) async -> Readiness {
        let start = ContinuousClock.now
        while true {
            switch circuit.admit() {
            case .run: return .runs
            case .probe:
                inFlight.isProbe = true
                return .runs
            case .wait where !source.isStrictlyOrdered:
                // A worker that can do nothing else leaves the other messages in the queue for a while.
                if isPaced, handlers.areAllCircuitsOpen, ContinuousClock.now < start + pace, !queue.hasEnded,
                    !Task.isCancelled
                {
                    break
                }
                returnPermit(of: inFlight)
                inFlight.hasPermit = false
                inFlight.advance(
                    adding: republisher.deferredCopy(
                        of: inFlight.delivery, for: entry, on: circuit.rung))
                return .isSkipped
            case .wait: break
            }
            // In a strictly ordered queue a message is held: republishing it would let later ones overtake it.
            if Task.isCancelled || !source.isCurrent(inFlight.delivery)
                || (source.isStrictlyOrdered && queue.hasEnded)
            {
                returnPermit(of: inFlight)
                // When the worker stops, those that were received after it must not overtake it either.
                if source.isStrictlyOrdered, queue.hasEnded { queue.cancel() }
                return .waits
            }
            try? await Task.sleep(for: Self.holdPause)
        }
    }

    /// How long a message waits before it is deferred, if the circuits of all handlers are open.
    private var pace: Duration { settings.circuitBreaker?.pace ?? .zero }

    /// How often a held message is looked at: an open circuit's next probe may be due, or the worker may stop.
    private static let holdPause = Duration.milliseconds(20)
}
