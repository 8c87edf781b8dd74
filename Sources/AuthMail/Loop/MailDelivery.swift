// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Logging
import Synchronization
import Tracing

/// Takes due mails from the queue, sends them with the transport and records the result in the queue. ``MailLoop``
/// decides when.
final class MailDelivery: Sendable {
    /// What to do after a round.
    enum Next: Sendable {
        /// Wait for a new mail, at most that long.
        case pause(Duration)
        /// Do not use the transport or the queue for that long.
        case rest(Duration)
    }

    private enum Outcome: Sendable {
        case settled
        case transportFailed
        case interrupted
        case queueFailed(any Error)
    }

    private let queue: any MailQueue
    private let transport: any MailTransport
    private let renderer: MailRenderer
    private let settings: MailLoopSettings
    private let clock: any WallClock
    private let logger: Logger
    private let metrics: MailMetrics
    /// Nil without a tracer.
    private let tracer: (any Tracer)?
    private let state = Mutex(MailLoopStatus())
    private let refusals = Mutex(RefusalRun())

    init(
        queue: any MailQueue, transport: any MailTransport, renderer: MailRenderer,
        settings: MailLoopSettings, clock: any WallClock, logger: Logger, metrics: MailMetrics,
        tracer: any Tracer = InstrumentationSystem.tracer
    ) {
        self.queue = queue
        self.transport = transport
        self.renderer = renderer
        self.settings = settings
        self.clock = clock
        self.logger = logger
        self.metrics = metrics
        self.tracer = tracer is NoOpTracer ? nil : tracer
    }

    var status: MailLoopStatus { state.withLock { $0 } }

    func enter(_ phase: MailLoopStatus.Phase) {
        state.withLock { $0.phase = phase }
        switch phase {
        case .delivering: metrics.show(holdsLease: true)
        case .standby, .stopped: metrics.show(holdsLease: false)
        case .stopping: break
        }
    }

    /// Delivers the mails that are due.
    func round(isEnding: @escaping @Sendable () -> Bool) async -> Next {
        do {
            while !isEnding() {
                try await count()
                let due = try await queue.dueMails(
                    limit: max(16, settings.concurrency), now: clock.now())
                if due.isEmpty { break }
                guard try await deliver(due, isEnding) else {
                    try await count()
                    return .rest(rest)
                }
            }
            return .pause(try await pause())
        } catch {
            if !isEnding() {
                logger.warning("mail queue failed; retrying", metadata: ["error": "\(error)"])
            }
            return .rest(settings.sweep)
        }
    }

    /// Delivers mails in order, a few at a time. Returns false if the transport failed and the rest was not tried.
    private func deliver(_ mails: [QueuedMail], _ isEnding: @escaping @Sendable () -> Bool) async throws
        -> Bool
    {
        let (works, fault) = await withTaskGroup(of: Outcome.self) { group -> (Bool, (any Error)?) in
            var waiting = mails[...]
            var inFlight = 0
            var works = true
            var fault: (any Error)?
            while true {
                while works, fault == nil, !isEnding(), inFlight < max(1, settings.concurrency),
                    let mail = waiting.popFirst()
                {
                    group.addTask { await self.deliver(mail) }
                    inFlight += 1
                }
                guard let outcome = await group.next() else { return (works, fault) }
                inFlight -= 1
                switch outcome {
                case .settled: break
                case .transportFailed, .interrupted: works = false
                // Other mails in flight continue: cancelling one could send it twice.
                case .queueFailed(let error): fault = error
                }
            }
        }
        if let fault { throw fault }
        return works
    }

    private func deliver(_ mail: QueuedMail) async -> Outcome {
        do {
            do throws(MailError) {
                try await send(mail)
            } catch {
                // It is unknown whether the server accepted the mail. Its row stays unchanged, so it is sent again.
                return error.code == .interrupted ? .interrupted : try await deferOrFail(mail, error)
            }
            try await settle(mail)
        } catch {
            return .queueFailed(error)
        }
        refusals.withLock { $0.accepted() }
        transportWorks()
        metrics.sent(mail.draft.template)
        logger.info("mail sent", metadata: metadata(mail))
        return .settled
    }

    /// Sends a mail, within a span that names its template and the kind of an error, but no address.
    private func send(_ mail: QueuedMail) async throws(MailError) {
        let span = tracer?.startAnySpan("send mail", context: .topLevel, ofKind: .client)
        defer { span?.end() }
        span?.attributes["auth.mail.template"] = mail.draft.template.rawValue
        do throws(MailError) {
            try await transport.send(try renderer.render(mail))
        } catch {
            span?.attributes["error.type"] = "\(error.code)"
            span?.setStatus(SpanStatus(code: .error))
            throw error
        }
    }

    private func deferOrFail(_ mail: QueuedMail, _ reported: MailError) async throws -> Outcome {
        var error = reported
        if reported.code == .refused, let others = refusals.withLock({ $0.refused(mail, reported) }) {
            error = MailError(.policyRefused, reported.message, replyCode: reported.replyCode)
            // Puts back the mails that failed before it was clear that the server refuses everything.
            for other in others {
                try await queue.failed(other, reason: error.description, retryAt: retry(other))
            }
            if !others.isEmpty {
                logger.warning(
                    "mail server refuses many recipients with the same reply; mails deferred",
                    metadata: ["error": "\(error)", "deferred": "\(others.count + 1)"])
            }
        }
        let retryAt = error.isPermanent ? nil : retry(mail)
        try await queue.failed(mail, reason: error.description, retryAt: retryAt)
        metrics.failed(error.code, isFinal: retryAt == nil)
        var metadata = metadata(mail)
        metadata["error"] = "\(error)"
        metadata["attempt"] = "\(mail.attempts + 1)"
        if let retryAt {
            metadata["retry_at"] = "\(retryAt.wireText)"
            logger.notice("mail not sent; deferred", metadata: metadata)
        } else {
            logger.error("mail permanently failed; moved to the failed queue", metadata: metadata)
        }
        guard error.concernsTransport else { return .settled }
        state.withLock {
            $0.transportFailures += 1
            $0.fault = error.description
        }
        return .transportFailed
    }

    /// When to retry a mail that has just failed; nil if it has failed permanently.
    private func retry(_ mail: QueuedMail) -> Date? {
        settings.retries.next(
            afterFailures: mail.attempts + 1, queuedAt: mail.queuedAt, now: clock.now())
    }

    /// Removes the mail from the queue. A failing queue is retried a few times: as long as the mail is in the queue, it
    /// would be sent again.
    private func settle(_ mail: QueuedMail) async throws {
        for wait in [0.1, 0.5, 2, 5] {
            do {
                return try await queue.accepted(mail)
            } catch {
                if Task.isCancelled { throw error }
                logger.warning(
                    "sent mail could not be removed from the queue; retrying",
                    metadata: metadata(mail))
                try await Task.sleep(for: .seconds(wait))
            }
        }
        try await queue.accepted(mail)
    }

    private func transportWorks() {
        let hadFailed = state.withLock { state in
            defer {
                state.transportFailures = 0
                state.fault = nil
            }
            return state.transportFailures > 0
        }
        if hadFailed { logger.notice("mail server accepts mails again") }
    }

    private func count() async throws {
        let status = try await queue.mailStatus()
        state.withLock { $0.queue = status }
        metrics.counted(status, now: clock.now())
    }

    private var rest: Duration {
        let failures = status.transportFailures
        let rests = settings.rests
        guard failures > 0, let last = rests.last else { return .seconds(1) }
        return failures <= rests.count ? rests[failures - 1] : last
    }

    private func pause() async throws -> Duration {
        guard let next = try await queue.nextMailDue() else { return settings.sweep }
        let wait = Duration.seconds(max(0.05, next.timeIntervalSince(clock.now())))
        return min(wait, settings.sweep)
    }

    private func metadata(_ mail: QueuedMail) -> Logger.Metadata {
        ["mail": "\(mail.id.wireText)", "template": "\(mail.draft.template.rawValue)"]
    }
}
