// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// An e-mail address of a user.
public struct EmailAddress: Hashable, Sendable, Identifiable {
    /// UUID version 7, never reused: a new row for the same address invalidates old links.
    public var id: UUID
    public var userID: User.ID
    /// In the form of ``normalized(_:)``.
    public var email: String
    /// Whether the user has proved that the address is theirs. Among the rows of all users, at most one row of an
    /// address is verified.
    public var verified: Bool
    /// At most one address of a user is primary.
    public var primary: Bool

    public init(id: UUID, userID: User.ID, email: String, verified: Bool, primary: Bool) {
        self.id = id
        self.userID = userID
        self.email = email
        self.verified = verified
        self.primary = primary
    }

    /// The address in the form that payloads contain.
    public var snapshot: EmailAddressSnapshot {
        EmailAddressSnapshot(id: id.wireText, email: email, verified: verified, primary: primary)
    }

    /// The form in which an address is stored and shown: trimmed, lower case, its domain in U-labels.
    ///
    /// Before the `@` only ASCII letters are lower-cased. Otherwise the Kelvin sign in a mailbox's name would become
    /// `k`, and the address would be another person's. A text that is not an address is normalized too, so that it can
    /// be looked up.
    public static func normalized(_ text: String) -> String {
        let (mailbox, domain) = parts(of: text)
        guard let domain else { return mailbox }
        return mailbox + "@" + (DomainName(domain)?.unicode ?? plain(domain))
    }

    /// The form in which addresses are compared, looked up, kept unique and counted by rate limits:
    /// ``normalized(_:)`` with the domain in A-labels. Mail is sent to it.
    ///
    /// Two addresses have the same key if, and only if, they have the same normalized form.
    public static func key(of text: String) -> String {
        let (mailbox, domain) = parts(of: text)
        guard let domain else { return mailbox }
        return mailbox + "@" + (DomainName(domain)?.ascii ?? plain(domain))
    }

    /// Whether `text` names this address, compared by ``key(of:)``.
    public func isNamed(_ text: String?) -> Bool {
        text.map { Self.key(of: $0).hasSameBytes(as: Self.key(of: email)) } ?? false
    }

    /// The longest text, in bytes, that is normalized. Longer texts are not addresses, and normalizing them could take
    /// quadratic time in the number of consecutive combining marks.
    private static let longestInput = 4 * EmailSyntax.longest

    /// The part before the last `@`, in the form for comparison, and the part after it; the domain is nil without an
    /// `@`.
    private static func parts(of text: String) -> (mailbox: String, domain: String?) {
        // By code point, because an `@` and a combining mark after it form one `Character` that is not equal to `@`.
        let scalars = text.trimmingCharacters(in: .whitespacesAndNewlines).unicodeScalars
        guard let at = scalars.lastIndex(of: "@") else { return (plain(String(scalars)), nil) }
        let bytes = Substring(scalars[..<at]).utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let mailbox = String(decoding: bytes, as: UTF8.self)
        let composed =
            bytes.count <= longestInput ? mailbox.precomposedStringWithCanonicalMapping : mailbox
        return (
            // NFC maps the Kelvin sign to K, which would be another person's mailbox.
            composed.utf8.allSatisfy { $0 < 0x80 } ? mailbox : composed,
            String(scalars[scalars.index(after: at)...])
        )
    }

    private static func plain(_ text: String) -> String {
        guard text.utf8.count <= longestInput else { return text }
        return text.lowercased().precomposedStringWithCanonicalMapping
    }
}
