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
                "attempt": "\(attempt)", "error": "\(type(of: error))", "next": "\(destination.shown)",
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

    /// Moves a delivery, again and again until the broker has taken the copies or the task is cancelled: then
    /// it is left, and is delivered again.
    func move(_ delivery: Delivery, as copies: [MovedCopy]) async {
        var pause = configuration.movePause
        while !Task.isCancelled {
            do {
                return try await source.move(delivery, as: copies)
            } catch {
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

    private func words(of error: any Error) -> String {
        let type = "\(type(of: error))"
        return configuration.errorDetail == .text ? "\(type): \(error)" : type
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
