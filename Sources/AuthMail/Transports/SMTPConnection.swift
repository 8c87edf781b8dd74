// SPDX-License-Identifier: Apache-2.0
import CCurl
import Foundation

/// One SMTP connection with its own thread: libcurl blocks, and Swift's cooperative thread pool must not.
///
/// Jobs run one after the other. A cancelled task removes its waiting job, or interrupts it if it is running.
final class SMTPConnection: Sendable {
    private let core: SMTPConnectionCore

    init(_ settings: SMTPSettings) { core = SMTPConnectionCore(settings) }

    deinit { core.close() }

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
                            var letter = CCurlMail(
                                sender: sender, recipient: recipient, message: start,
                                messageCount: bytes.count)
                            return ccurl_send(mailer, &letter)
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
        let address = core.checkAddress ?? ""
        guard !address.utf8.contains(0) else {
            throw MailError(.malformed, "the sender contains a control character")
        }
        try await run { mailer in
            MailError(
                ccurl_probe(mailer, address, address), fault: String(cString: ccurl_fault_text(mailer)),
                reply: String(cString: ccurl_reply_text(mailer)), hiding: address.isEmpty ? [] : [address])
        }
    }

    func close() { core.close() }

    private func run(_ work: @escaping @Sendable (OpaquePointer) -> MailError?) async throws(MailError) {
        let id = UUID()
        let fault = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                core.submit(SMTPConnectionCore.Job(id: id, work: work) { continuation.resume(returning: $0) })
            }
        } onCancel: {
            core.cancel(id)
        }
        core.forget(id)
        if let fault { throw fault }
    }
}
