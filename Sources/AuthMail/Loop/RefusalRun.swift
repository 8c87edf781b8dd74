// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// The mails that were refused for good one after the other with the same text, without an accepted mail between them.
///
/// A few of them are mailboxes that do not exist. When many different recipients are refused with one text, the server or
/// our settings are at fault (a relay that forgot its users, a blocked sender), and the mails must not be lost.
struct RefusalRun: Sendable {
    /// From how many recipients on the refusals are about the server.
    static let limit = 5

    private var text = ""
    private var recipients: Set<String> = []
    /// Mails that were given up in this run, as they were taken from the queue.
    private var mails: [QueuedMail] = []

    /// Notes a refusal.
    ///
    /// - Returns: nil as long as the refusals are about mailboxes; otherwise the mails that were given up before in this
    ///   run, which must go back into the queue. Each is returned once.
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

    /// A mail was accepted: the server works, and its refusals are about mailboxes.
    mutating func accepted() { self = RefusalRun() }

    init() {}
    private init(text: String) { self.text = text }

    /// The text without what differs from reply to reply: numbers, ids of the server's queue.
    private static func pattern(_ text: String) -> String {
        let words = text.split(separator: " ")
        return words.enumerated().filter { $0.offset < 3 || !$0.element.contains(where: \.isNumber) }
            .map { String($0.element) }.joined(separator: " ")
    }
}
