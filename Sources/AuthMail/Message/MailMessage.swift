// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation

/// The headers and texts of a mail, encoded as RFC 5322 requires.
///
/// Written by hand, since libcurl's MIME functions build a message only while libcurl sends it: a folder could not have
/// the same bytes.
public struct MailMessage: Hashable, Sendable {
    /// The id, which forms the `Message-ID` together with the sender's domain.
    public var id: UUID
    /// The `Date` header: when the mail was queued, not when it was sent, so that every attempt sends the same bytes.
    public var date: Date
    public var from: MailAddress
    public var to: MailAddress
    public var subject: String
    public var text: String
    /// The same text as HTML; nil if the mail is plain text only.
    public var html: String?
    /// The language of the texts, for `Content-Language` (RFC 3282); nil writes no header.
    public var language: Language?

    public init(
        id: UUID, date: Date, from: MailAddress, to: MailAddress, subject: String, text: String,
        html: String? = nil, language: Language? = nil
    ) {
        self.id = id
        self.date = date
        self.from = from
        self.to = to
        self.subject = subject
        self.text = text
        self.html = html
        self.language = language
    }

    /// The message: headers, an empty line, the texts; every line ends with CRLF and has at most 998 bytes.
    ///
    /// An address with a local part outside ASCII is written unencoded into the headers (RFC 6532): a server that can
    /// deliver such a mail supports SMTPUTF8, and libcurl requests it.
    ///
    /// - Throws: ``MailError/Code/malformed`` if a value contains a control character. Such a value is never truncated
    ///   or repaired, because it may be an attack.
    public func encoded() throws(MailError) -> Data {
        var headers = try HeaderText.line("Date", Self.dateText(date))
        headers += try HeaderText.line("From", from.headerText)
        headers += try HeaderText.line("To", to.headerText)
        guard subject.unicodeScalars.allSatisfy(HeaderText.mayStand) else {
            throw MailError(.malformed, "the subject contains a control character")
        }
        headers += try HeaderText.line("Subject", HeaderText.unstructured(subject))
        headers += try HeaderText.line("Message-ID", "<\(id.wireText)@\(from.wireDomain)>")
        if let language { headers += "Content-Language: \(language.code)\r\n" }
        headers += "MIME-Version: 1.0\r\n"
        // RFC 3834: prevents automatic replies such as vacation notices.
        headers += "Auto-Submitted: auto-generated\r\n"
        return Data((headers + body()).utf8)
    }

    private func body() -> String {
        let plain = MailBody(text, type: "text/plain")
        guard let rich = html.map({ MailBody($0, type: "text/html") }) else {
            return plain.headers + "\r\n" + plain.content
        }
        // "=_" cannot occur in quoted-printable; an unencoded text is searched for the boundary.
        var boundary = "=_\(id.wireText)"
        while plain.content.contains(boundary) || rich.content.contains(boundary) { boundary += "_" }
        var result = "Content-Type: multipart/alternative; boundary=\"\(boundary)\"\r\n\r\n"
        for part in [plain, rich] {
            result += "--\(boundary)\r\n" + part.headers + "\r\n" + part.content
        }
        return result + "--\(boundary)--\r\n"
    }

    /// RFC 5322, section 3.3: `Mon, 23 Nov 2026 08:00:00 +0000`.
    private static func dateText(_ date: Date) -> String {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = .gmt
        let parts = calendar.dateComponents(
            [.weekday, .day, .month, .year, .hour, .minute, .second], from: date)
        let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func two(_ number: Int?) -> String { (number ?? 0) < 10 ? "0\(number ?? 0)" : "\(number ?? 0)" }
        let day = "\(weekdays[(parts.weekday ?? 1) - 1]), \(two(parts.day)) \(months[(parts.month ?? 1) - 1])"
        let time = "\(two(parts.hour)):\(two(parts.minute)):\(two(parts.second))"
        return "\(day) \(parts.year ?? 1970) \(time) +0000"
    }
}
