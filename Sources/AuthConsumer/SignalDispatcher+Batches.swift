// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Logging

/// The handling of batches: of all messages together, and after a failure one by one.
extension SignalDispatcher {
    /// Whether the message is handled together with others. A message that failed before, or may have crashed a worker,
    /// is handled alone, and so is every message while the circuit is open.
    func mayJoinBatch(_ inFlight: InFlightDelivery, _ entry: HandlerTable.Entry) -> Bool {
        !SubjectScheduler.mayBePoison(inFlight.delivery)
            && inFlight.delivery.message.attempts(of: entry.handler) == 0
            && (entry.policy.circuit?.state ?? .closed) == .closed
    }

    /// Handles a batch; after a failure, one by one.
    func handle(_ begun: InFlightBatch, _ worker: WatchedWorker) async -> Progress {
        var batch = begun
        if !batch.isSplit {
            batch.members = []
            for member in begun.members {
                // Those of a lost connection are redelivered.
                if source.isCurrent(member.delivery) {
                    batch.members.append(member)
                } else {
                    queue.leaveBatch(member)
                }
            }
            batch.isSplit = true
            if batch.members.count > 1, let entry = batch.members.first?.entry,
                let batchHandler = entry.handler.batch, (entry.policy.circuit?.state ?? .closed) == .closed
            {
                var unfinished = batch
                unfinished.timedOutAsWhole = true
                do {
                    switch try await runner.run(
                        entry, batchHandler, for: batch, ifAbandoned: unfinished, in: worker)
                    {
                    case .handled, .unmarked: await succeed(batch, entry, .success)
                    case .duplicate: await succeed(batch, entry, .neutral)
                    case .abandoned: return .abandoned
                    }
                    batch.members = []
                } catch {
                    if Task.isCancelled { return .waits }
                    logSplit(batch, entry, after: error)
                }
            }
        }
        while let member = batch.members.first {
            switch await handleFirst(of: &batch, member, worker) {
            case .ended: batch.members.removeFirst()
            case let other: return other
            }
        }
        queue.endBatch(batch.index)
        return .waits
    }

    /// Handles the first message of a split batch.
    ///
    /// - Returns: `waits` if the task is cancelled.
    private func handleFirst(
        of batch: inout InFlightBatch, _ begun: InFlightDelivery, _ worker: WatchedWorker
    ) async -> Progress {
        var member = begun
        // After a time-out the handler of the batch is done.
        while let entry = member.entry, entry.policy.batch == batch.index {
            guard source.isCurrent(member.delivery) else { break }
            if let circuit = entry.policy.circuit, !circuit.isQuiet {
                switch await admit(&member, entry, circuit, isPaced: false) {
                case .runs: break
                case .isSkipped: continue
                case .waits:
                    queue.leaveBatch(member)
                    return .ended
                }
            }
            batch.members[0] = member
            do {
                switch try await runner.run(entry, for: member, of: batch, in: worker) {
                case .handled, .unmarked: succeed(&member, entry, .success)
                case .duplicate: succeed(&member, entry, .neutral)
                case .abandoned: return .abandoned
                }
            } catch {
                if Task.isCancelled { return .waits }
                fail(&member, error)
            }
        }
        await leave(member)
        return .ended
    }

    /// All messages of a batch are handled.
    private func succeed(
        _ batch: InFlightBatch, _ entry: HandlerTable.Entry, _ outcome: CircuitBreaker.Outcome
    ) async {
        _ = entry.policy.circuit?.ended(outcome, of: batch.members[0].event.id, asProbe: false)
        // A copy that cannot be published for a while must not keep the others from being acknowledged.
        let members =
            source.isStrictlyOrdered
            ? batch.members
            : batch.members.filter(\.copies.isEmpty) + batch.members.filter { !$0.copies.isEmpty }
        for member in members {
            var member = member
            member.advance()
            await leave(member)
        }
    }

    /// The batch has handled a message: settles it after its last handler.
    private func leave(_ member: InFlightDelivery) async {
        var member = member
        member.hasStarted = true
        if member.entry == nil { await settle(member) }
        queue.leaveBatch(member)
    }

    func logSplit(_ batch: InFlightBatch, _ entry: HandlerTable.Entry, after error: any Error) {
        logger.warning(
            "batch failed; its messages are handled one by one",
            metadata: [
                "handler": "\(entry.handler.name)", "count": "\(batch.members.count)",
                "error": "\(type(of: error))",
            ])
    }
}
