// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics

extension SignalDispatcher {
    /// The copy for a handler that has thrown.
    func copy(
        of delivery: Delivery, for entry: HandlerTable.Entry, _ attempt: Int, _ error: any Error,
        _ event: SignalEvent
    ) -> MovedCopy {
        let destination = configuration.retries.destination(afterAttempts: attempt, error: error)
        var failed = FailedDelivery(
            message: delivery.message, handler: entry.handler.name, attempts: attempt,
            error: words(of: error),
            at: clock.now())
        if destination == .dead {
            entry.metrics.dead.increment()
            failed.reason = reason(of: error)
        } else {
            entry.metrics.retried.increment()
        }
        logger.warning(
            "a handler failed",
            metadata: [
                "handler": "\(entry.handler.name)", "signal": "\(event.name)", "id": "\(event.id.wireText)",
                "attempt": "\(attempt)", "error": "\(loggedWords(of: error))", "next": "\(destination.shown)",
            ])
        return MovedCopy(to: destination, message: failed.copy)
    }

    /// Moves a message to the dead letters that no handler can be asked about.
    ///
    /// - Parameter error: what is wrong with it, without a word of its content.
    func setAside(_ delivery: Delivery, error: String?, reason: String) async {
        metrics.setAside.increment()
        logger.error(
            "a message goes to the dead letters",
            metadata: [
                "reason": "\(reason)", "error": "\(error ?? "")", "id": "\(delivery.message.messageID)",
            ])
        let failed = FailedDelivery(
            message: delivery.message, error: error, reason: reason, at: clock.now())
        await move(delivery, as: [MovedCopy(to: .dead, message: failed.copy)])
    }

    /// Decides about a delivery that the broker would make a dead letter after one more return to the queue, before it
    /// is handed to a handler that may end the process.
    ///
    /// If a handler had it before, it becomes a dead letter here, which can name the handler. If none had it, it was
    /// only returned together with others: it begins anew at the end of the queue. A strictly ordered queue has no
    /// other place for it than its own: there it is handled.
    ///
    /// - Returns: Whether it was settled; otherwise it is to be handled.
    func settleLast(
        _ delivery: Delivery, _ event: SignalEvent, _ handlers: [HandlerTable.Entry]
    ) async -> Bool {
        if handlers.isEmpty { return false }
        switch await fate(of: event, handlers) {
        case .unknown:
            await setAside(delivery, error: nil, reason: FailedDelivery.Reason.deliveryLimit)
            return true
        case .endedWorkers(let handler):
            await setAside(
                delivery, error: "WorkerEnded while \(handler) ran",
                reason: FailedDelivery.Reason.deliveryLimit)
            return true
        case .neverBegun where !source.isStrictlyOrdered:
            logger.warning(
                "a message was returned to the queue without having been handled; it begins anew",
                metadata: ["id": "\(event.id.wireText)", "returns": "\(delivery.deliveryCount)"])
            let fresh = FailedDelivery(message: delivery.message, at: clock.now())
            await move(delivery, as: [MovedCopy(to: .main, message: fresh.copy)])
            return true
        case .neverBegun, .done: return false
        }
    }

    /// What has become of a message that was returned again and again.
    private enum Fate {
        /// This handler was given it, and its end is not known.
        case endedWorkers(String)
        /// Those that were given it have done it.
        case done
        case neverBegun
        /// Nothing notes that.
        case unknown
    }

    private func fate(of event: SignalEvent, _ handlers: [HandlerTable.Entry]) async -> Fate {
        do {
            guard let inbox, let begun = try await inbox.begun(messageID: event.id) else { return .unknown }
            let names = handlers.map(\.handler.name).filter(begun.contains)
            for name in names where try await !inbox.isDone(handler: name, messageID: event.id) {
                return .endedWorkers(name)
            }
            return names.isEmpty ? .neverBegun : .done
        } catch {
            logger.warning("the inbox cannot be read", metadata: ["error": "\(error)"])
            return .unknown
        }
    }

    /// Moves a delivery, again and again until the broker has taken the copies, the delivery can no longer be settled
    /// or the task is cancelled: then it is left, and is delivered again.
    func move(_ delivery: Delivery, as copies: [MovedCopy]) async {
        var pause = configuration.movePause
        while !Task.isCancelled, source.isCurrent(delivery) {
            do {
                return try await source.move(delivery, as: copies)
            } catch {
                if !source.isCurrent(delivery) { break }
                logger.warning(
                    "a message could not be moved; it is tried again",
                    metadata: ["id": "\(delivery.message.messageID)", "error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(30))
        }
    }

    /// Why a message is a dead letter.
    private func reason(of error: any Error) -> String {
        switch error {
        case SignalVerdict.reject(let why): why
        case let fault as SignalError where fault.code.isOfTheBytes: FailedDelivery.Reason.malformed
        default: FailedDelivery.Reason.attemptsExhausted
        }
    }

    /// What a copy says of the error. A text in brackets may be shown to everybody, one behind a colon to those only who
    /// may see the payload.
    private func words(of error: any Error) -> String {
        guard configuration.errorDetail == .text, !(error is any LoggableError) else {
            return loggedWords(of: error)
        }
        return "\(type(of: error)): \(error)"
    }

    /// What the log says of the error.
    private func loggedWords(of error: any Error) -> String {
        error is any LoggableError ? "\(type(of: error)) (\(error))" : "\(type(of: error))"
    }
}

extension MovedCopy.Destination {
    /// The end of the queue's name.
    var shown: String {
        switch self {
        case .main: "main"
        case .retry(let rung): "retry.\(rung)"
        case .dead: "dead"
        }
    }
}
