// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Dispatch
import Foundation

/// Where the mails of the installation go, as the dashboard shows it.
package enum MailPlace: Sendable {
    /// The folder of `MAIL_URL=file:FOLDER`.
    case folder(String)
    /// Another transport, described for the page, without a password.
    case elsewhere(String)
}

/// A mail in the list.
struct MailItem: Encodable {
    var id: String
    var to: String
    var subject: String
    var time: String
    var state = "sent"
}

/// One mail.
struct MailDetail: Encodable {
    var id: String
    var to: String
    var from: String
    var subject: String
    var time: String
    var text: String
    var htmlURL: String?
    var links: [String]

    private enum CodingKeys: String, CodingKey {
        case id, to, from, subject, time, text, htmlURL = "html_url", links
    }
}

/// Reads the mails of a folder; it changes nothing. A name is accepted only if the folder's transport could have written
/// it, so that no other file is ever opened.
struct MailFolder: Sendable {
    /// The maximum number of mails in the list.
    private static let mostMails = 50
    /// The maximum number of bytes that are read of a mail.
    private static let longestMail = 512 << 10
    private static let queue = DispatchQueue(label: "auth.dashboard.mails")

    let path: String

    /// The newest mails, newest first.
    func newest() async -> [MailItem] {
        await onQueue {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            // Names sort by the time at which the mails were queued. Only the newest ones are examined, since a folder
            // may have many.
            let newest = Array(names.sorted(by: >).lazy.filter(Self.isMail).prefix(Self.mostMails))
            return newest.compactMap { name in
                read(name).map { mail in
                    MailItem(
                        id: Self.id(of: name), to: mail.header("to"), subject: mail.header("subject"),
                        time: Self.time(of: name))
                }
            }
        }
    }

    /// One mail; nil if it does not exist or the id is not one of the list's.
    func mail(_ id: String) async -> MailDetail? {
        guard let (name, mail) = await find(id) else { return nil }
        return MailDetail(
            id: id, to: mail.header("to"), from: mail.header("from"), subject: mail.header("subject"),
            time: Self.time(of: name), text: mail.text,
            htmlURL: mail.html == nil ? nil : "mails/\(id)/html", links: mail.links)
    }

    /// The HTML of one mail.
    func html(_ id: String) async -> String? { await find(id)?.mail.html }

    private func find(_ id: String) async -> (name: String, mail: MailText)? {
        let name = id + ".eml"
        guard Self.isMail(name) else { return nil }
        return await onQueue { read(name).map { (name, $0) } }
    }

    /// `20261123T080000.123Z-<UUID>.eml`, nothing else.
    private static func isMail(_ name: String) -> Bool {
        name.utf8.count == 61 && name.utf8.allSatisfy { $0 < 0x80 }
            && name.wholeMatch(
                of: #/[0-9]{8}T[0-9]{6}\.[0-9]{3}Z-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.eml/#) != nil
    }

    private static func id(of name: String) -> String { String(name.dropLast(4)) }

    /// The time in the name, in the contract's format.
    private static func time(of name: String) -> String {
        let digits = Array(name.prefix(20))
        guard digits.count == 20 else { return "" }
        func text(_ range: Range<Int>) -> String { String(digits[range]) }
        let day = [text(0..<4), text(4..<6), text(6..<8)].joined(separator: "-")
        return day + "T" + [text(9..<11), text(11..<13), text(13..<20)].joined(separator: ":")
    }

    private func read(_ name: String) -> MailText? {
        // A symbolic link is not followed, since the transport writes plain files only.
        let file = open("\(path)/\(name)", O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return nil }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        guard let data = try? handle.read(upToCount: Self.longestMail) else { return nil }
        return MailText(data)
    }

    private func onQueue<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Self.queue.async { continuation.resume(returning: body()) }
        }
    }
}
