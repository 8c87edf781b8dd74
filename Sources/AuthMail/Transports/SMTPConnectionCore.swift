// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import CCurl
import Foundation

/// The state that an ``SMTPConnection`` shares with its thread: the waiting jobs and the mailer (a libcurl handle).
///
/// Unchecked: all mutable state is guarded by `condition`, except the mailer, which the thread owns. Other threads only
/// interrupt the mailer, under the lock and while it exists.
final class SMTPConnectionCore: @unchecked Sendable {
    /// Work that uses the mailer; `finish` is called once, with nil on success.
    struct Job: Sendable {
        let id: UUID
        let work: @Sendable (OpaquePointer) -> MailError?
        let finish: @Sendable (MailError?) -> Void
    }

    private let settings: SMTPSettings
    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var running: UUID?
    /// Jobs that were cancelled before they were submitted.
    private var cancelledEarly: Set<UUID> = []
    private var isClosed = false
    private var hasThread = false
    private var mailer: OpaquePointer?

    init(_ settings: SMTPSettings) { self.settings = settings }

    var checkAddress: String? { settings.checkAddress }

    func submit(_ job: Job) {
        let refusal: MailError? = locked {
            if isClosed || cancelledEarly.remove(job.id) != nil { return Self.interrupted }
            jobs.append(job)
            startThread()
            condition.signal()
            return nil
        }
        if let refusal { job.finish(refusal) }
    }

    func cancel(_ id: UUID) {
        let removed: Job? = locked {
            if let index = jobs.firstIndex(where: { $0.id == id }) { return jobs.remove(at: index) }
            if running == id {
                if let mailer { ccurl_interrupt(mailer) }
            } else {
                cancelledEarly.insert(id)
            }
            return nil
        }
        removed?.finish(Self.interrupted)
    }

    func forget(_ id: UUID) { locked { _ = cancelledEarly.remove(id) } }

    /// Interrupts the running job, rejects the waiting ones, and ends the thread, which closes the connection.
    func close() {
        let refused: [Job] = locked {
            isClosed = true
            if running != nil, let mailer { ccurl_interrupt(mailer) }
            condition.signal()
            defer { jobs = [] }
            return jobs
        }
        for job in refused { job.finish(Self.interrupted) }
    }

    private static let interrupted = MailError(.interrupted, "sending was cancelled")

    private func locked<R>(_ body: () -> R) -> R {
        condition.lock()
        defer { condition.unlock() }
        return body()
    }

    /// Called under the lock.
    private func startThread() {
        guard !hasThread else { return }
        hasThread = true
        let thread = Thread { self.work() }
        thread.name = "auth.mail.smtp"
        thread.start()
    }

    /// The thread's main function.
    private func work() {
        let made = makeMailer()
        locked { mailer = made }
        while let job = next() {
            let fault = made.map(job.work) ?? MailError(.unavailable, "libcurl could not be initialized")
            locked { running = nil }
            job.finish(fault)
        }
        locked { mailer = nil }
        if let made { ccurl_free(made) }
    }

    private func next() -> Job? {
        locked {
            while jobs.isEmpty && !isClosed { condition.wait() }
            guard !isClosed else { return nil }
            let job = jobs.removeFirst()
            running = job.id
            // A pending interruption was meant for the previous job.
            if let mailer { ccurl_resume(mailer) }
            return job
        }
    }

    private func makeMailer() -> OpaquePointer? {
        guard let mailer = ccurl_new() else { return nil }
        var accepted = [
            ccurl_set_text(mailer, .url, settings.description),
            ccurl_set_number(mailer, .tlsMode, settings.requiresTLS ? 1 : 0),
            ccurl_set_number(mailer, .connectTimeout, settings.connectTimeout.wholeMilliseconds),
            ccurl_set_number(mailer, .totalTimeout, settings.sendTimeout.wholeMilliseconds),
        ]
        if let name = settings.helloName { accepted.append(ccurl_set_text(mailer, .helo, name)) }
        if let login = settings.login {
            accepted.append(ccurl_set_text(mailer, .user, login.user))
            accepted.append(ccurl_set_text(mailer, .password, login.password.exposedText))
        }
        if let authorities = settings.authorities {
            accepted.append(ccurl_set_text(mailer, .caFile, authorities))
        }
        guard accepted.allSatisfy({ $0 == .ok }) else {
            ccurl_free(mailer)
            return nil
        }
        return mailer
    }
}
