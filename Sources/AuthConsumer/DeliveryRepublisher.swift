// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import Logging
import Metrics

/// Republishes deliveries that could not be handled: to the retry ladder, to the dead letters, or to the end of the
/// queue.
final class DeliveryRepublisher: Sendable {
    private let source: any SignalSource
    private let inbox: (any Inbox)?
    private let settings: DispatcherSettings
    private let clock: any WallClock
    private let logger: Logger
    private let metrics: DispatchMetrics

    init(
        to source: any SignalSource, inbox: (any Inbox)?, settings: DispatcherSettings, clock: any WallClock,
        logger: Logger, metrics: DispatchMetrics
    ) {
        self.source = source
        self.inbox = inbox
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.metrics = metrics
    }

    // MARK: Failed handlers

    /// The copy for a handler that has failed: for a retry or, after the last attempt, for the dead letters.
    func copy(
        of delivery: Delivery, _ event: SignalEvent, for entry: HandlerTable.Entry, after error: any Error
    ) -> RepublishedCopy {
        let attempt = delivery.message.attempts(of: entry.handler) + 1
        let destination = entry.policy.retries.destination(afterAttempts: attempt, error: error)
        var failed = FailedDelivery(
            message: delivery.message, handler: entry.handler.name, attempts: attempt,
            error: text(of: error), at: clock.now())
        if destination == .dead {
            entry.metrics.dead.increment()
            failed.reason = reason(of: error)
        } else {
            entry.metrics.retried.increment()
        }
        logger.warning(
            "handler failed",
            metadata: [
                "handler": "\(entry.handler.name)", "signal": "\(event.name)", "id": "\(event.id.wireText)",
                "attempt": "\(attempt)", "error": "\(loggedText(of: error))", "next": "\(destination.shown)",
            ])
        return RepublishedCopy(to: destination, message: failed.copy)
    }

    /// The copy for a handler whose circuit is open. It carries the same number of attempts as the message.
    ///
    /// - Parameter error: The error of an attempt that is not counted; nil if the handler was not called.
    func deferredCopy(
        of delivery: Delivery, for entry: HandlerTable.Entry, on rung: RetryRung,
        after error: (any Error)? = nil
    ) -> RepublishedCopy {
        entry.metrics.deferred.increment()
        var rung = rung
        if let error, case SignalVerdict.retry(let delay) = error {
            rung = max(rung, RetryRung(notShorterThan: delay))
        }
        let failed = FailedDelivery(
            message: delivery.message, handler: entry.handler.name,
            attempts: delivery.message.attempts(of: entry.handler), error: error.map(text(of:)),
            at: error == nil ? nil : clock.now())
        return RepublishedCopy(to: .retry(rung), message: failed.copy)
    }

    // MARK: Messages that are not passed to a handler

    /// Dead-letters a message that cannot be passed to a handler.
    ///
    /// - Parameter error: What is wrong with the message, without its content.
    func deadLetter(_ delivery: Delivery, error: String?, reason: String) async {
        metrics.deadLetter.increment()
        logger.error(
            "message dead-lettered",
            metadata: [
                "reason": "\(reason)", "error": "\(error ?? "")", "id": "\(delivery.message.messageID)",
            ])
        let failed = FailedDelivery(
            message: delivery.message, error: error, reason: reason, at: clock.now())
        await republish(delivery, as: [RepublishedCopy(to: .dead, message: failed.copy)])
    }

    /// Decides about a delivery that the broker would dead-letter after one more return to the queue, before it is
    /// passed to a handler that may crash the process.
    ///
    /// If a handler received the message before, the message is dead-lettered here, with the handler's name. If none
    /// did, it was only returned together with others: it is republished to the end of the queue, which resets its
    /// count. In a strictly ordered queue it must keep its position, so it is handled.
    ///
    /// - Returns: Whether the delivery was settled; otherwise it must be handled.
    func settleAtDeliveryLimit(
        _ delivery: Delivery, _ event: SignalEvent, _ handlers: [HandlerTable.Entry]
    ) async -> Bool {
        if handlers.isEmpty { return false }
        switch await fate(of: event, handlers) {
        case .unknown:
            await deadLetter(delivery, error: nil, reason: FailedDelivery.Reason.deliveryLimit)
            return true
        case .endedWorkers(let handler):
            await deadLetter(
                delivery, error: "WorkerEnded while \(handler) ran",
                reason: FailedDelivery.Reason.deliveryLimit)
            return true
        case .neverBegun where !source.isStrictlyOrdered:
            logger.warning(
                "message returned to the queue repeatedly without being handled; republished",
                metadata: ["id": "\(event.id.wireText)", "returns": "\(delivery.deliveryCount)"])
            let fresh = FailedDelivery(message: delivery.message, at: clock.now())
            await republish(delivery, as: [RepublishedCopy(to: .main, message: fresh.copy)])
            return true
        case .neverBegun, .done: return false
        }
    }

    /// What the inbox knows about a message that was returned repeatedly.
    private enum Fate {
        /// This handler received the message and has not finished it.
        case endedWorkers(String)
        /// All handlers that received the message have finished it.
        case done
        case neverBegun
        /// No information, since no inbox records it.
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
            logger.warning("inbox read failed", metadata: ["error": "\(error)"])
            return .unknown
        }
    }

    // MARK: Republishing

    /// Republishes a delivery, with retries until the broker has confirmed the copies. If the delivery can no longer be
    /// settled, or the task is cancelled, it stays unsettled and is redelivered.
    func republish(_ delivery: Delivery, as copies: [RepublishedCopy]) async {
        var pause = settings.republishPause
        while !Task.isCancelled, source.isCurrent(delivery) {
            do {
                return try await source.republish(delivery, as: copies)
            } catch {
                if !source.isCurrent(delivery) { break }
                logger.warning(
                    "republishing message failed; retrying",
                    metadata: ["id": "\(delivery.message.messageID)", "error": "\(error)"])
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .seconds(30))
        }
    }

    /// Whether an error is about the message, so that no retry can succeed.
    func isFinal(_ error: any Error) -> Bool {
        switch error {
        case SignalVerdict.reject: true
        case let fault as SignalError: fault.code.isOfTheBytes
        default: false
        }
    }

    /// The `auth-reason` of a dead letter.
    private func reason(of error: any Error) -> String {
        switch error {
        case SignalVerdict.reject(let why): why
        case let fault as SignalError where fault.code.isOfTheBytes: FailedDelivery.Reason.malformed
        default: FailedDelivery.Reason.attemptsExhausted
        }
    }

    /// The text for `auth-error`. A text in brackets contains nothing confidential; a text after a colon may contain
    /// parts of the payload.
    private func text(of error: any Error) -> String {
        guard settings.errorDetail == .text, !(error is any LoggableError) else {
            return loggedText(of: error)
        }
        return "\(type(of: error)): \(error)"
    }

    /// The error as it is logged.
    private func loggedText(of error: any Error) -> String {
        error is any LoggableError ? "\(type(of: error)) (\(error))" : "\(type(of: error))"
    }
}

extension RepublishedCopy.Destination {
    /// The suffix of the queue's name.
    var shown: String {
        switch self {
        case .main: "main"
        case .retry(let rung): "retry.\(rung)"
        case .dead: "dead"
        }
    }
}
