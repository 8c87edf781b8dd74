// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// A run of mails that were permanently refused with the same reply text, without an accepted mail in between.
///
/// A short run means mailboxes that do not exist. If many different recipients are refused with the same reply, the
/// server or our settings are the cause (an SMTP relay without its user table, a blocked sender), and the mails must
/// not be lost.
struct RefusalRun: Sendable {
    /// The number of different recipients from which on the refusals are about the server.
    static let limit = 5

    private var text = ""
    private var recipients: Set<String> = []
    /// Mails that failed permanently in this run, as they were read from the queue.
    private var mails: [QueuedMail] = []

    /// Records a refusal.
    ///
    /// - Returns: nil as long as the refusals are about mailboxes; otherwise the mails that failed earlier in this run,
    ///   which the caller must defer. Each is returned once.
    mutating func refused(_ mail: QueuedMail, _ error: MailError) -> [QueuedMail]? {
        let text = Self.pattern(error.description)
        if text != self.text { self = RefusalRun(text: text) }
        recipients.insert(mail.draft.to)
        guard recipients.count >= Self.limit else {
            mails.append(mail)
            return nil
        }
        defer { mails = [] }
        return mails
    }

    /// Records an accepted mail: the server works, so its refusals are about mailboxes.
    mutating func accepted() { self = RefusalRun() }

    init() {}
    private init(text: String) { self.text = text }

    /// The text without the parts that differ from reply to reply: numbers, queue ids of the server.
    private static func pattern(_ text: String) -> String {
        let words = text.split(separator: " ")
        return words.enumerated().filter { $0.offset < 3 || !$0.element.contains(where: \.isNumber) }
            .map { String($0.element) }.joined(separator: " ")
    }
}
