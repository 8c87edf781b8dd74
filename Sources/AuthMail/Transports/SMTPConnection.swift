// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import CCurl
import Foundation

/// One SMTP connection with its own thread: libcurl blocks, and Swift's cooperative thread pool must not.
///
/// Tasks submit jobs, and the thread runs them one after the other. A cancelled task removes its waiting job, or
/// interrupts it if it is running. The thread starts with the first job; it alone uses the libcurl handle and the
/// connection, and frees them when the connection is closed or deallocated. If the process dies, the mail in flight is
/// sent again, because its row stays in the queue.
final class SMTPConnection: Sendable {
    private let thread: SMTPThread

    init(_ settings: SMTPSettings) { thread = SMTPThread(settings) }

    deinit { thread.close() }

    func send(_ mail: RenderedMail) async throws(MailError) {
        // A C string ends at a NUL; the rest of the address would be lost.
        guard !mail.sender.utf8.contains(0), !mail.recipient.utf8.contains(0) else {
            throw MailError(.malformed, "an address contains a control character")
        }
        try await run { mailer in
            let result = mail.message.withUnsafeBytes { bytes -> CCurlResult in
                mail.sender.withCString { sender in
                    mail.recipient.withCString { recipient in
                        let none: [UInt8] = [0]
                        return none.withUnsafeBufferPointer { empty -> CCurlResult in
                            guard
                                let start = bytes.bindMemory(to: UInt8.self).baseAddress ?? empty.baseAddress
                            else { return CCurlResult() }
                            var envelope = CCurlMail(
                                sender: sender, recipient: recipient, message: start,
                                messageCount: bytes.count)
                            return ccurl_send(mailer, &envelope)
                        }
                    }
                }
            }
            return MailError(
                result, fault: String(cString: ccurl_fault_text(mailer)),
                reply: String(cString: ccurl_reply_text(mailer)), hiding: [mail.recipient, mail.sender])
        }
    }

    func check() async throws(MailError) {
        let address = thread.checkAddress ?? ""
        guard !address.utf8.contains(0) else {
            throw MailError(.malformed, "the sender contains a control character")
        }
        try await run { mailer in
            MailError(
                ccurl_probe(mailer, address, address), fault: String(cString: ccurl_fault_text(mailer)),
                reply: String(cString: ccurl_reply_text(mailer)), hiding: address.isEmpty ? [] : [address])
        }
    }

    func close() { thread.close() }

    private func run(_ work: @escaping @Sendable (OpaquePointer) -> MailError?) async throws(MailError) {
        let id = UUID()
        let fault = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                thread.submit(SMTPThread.Job(id: id, work: work) { continuation.resume(returning: $0) })
            }
        } onCancel: {
            thread.cancel(id)
        }
        thread.forget(id)
        if let fault { throw fault }
    }
}

/// The thread of an ``SMTPConnection`` with its waiting jobs and the mailer (a libcurl handle).
///
/// Unchecked: all mutable state is guarded by `condition`, except the mailer, which the thread owns. Other threads only
/// interrupt the mailer, under the lock and while it exists.
private final class SMTPThread: @unchecked Sendable {
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
