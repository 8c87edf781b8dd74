// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// An e-mail address of a user.
public struct EmailAddress: Hashable, Sendable, Identifiable {
    /// UUID version 7, never reused: a new row for the same address makes old links void.
    public var id: UUID
    public var userID: User.ID
    /// As ``normalized(_:)`` has it.
    public var email: String
    /// Whether its owner has proved that it is theirs; at most one row of all users a verified address.
    public var verified: Bool
    /// At most one a user.
    public var primary: Bool

    public init(id: UUID, userID: User.ID, email: String, verified: Bool, primary: Bool) {
        self.id = id
        self.userID = userID
        self.email = email
        self.verified = verified
        self.primary = primary
    }

    /// The address as a payload shows it.
    public var snapshot: EmailAddressSnapshot {
        EmailAddressSnapshot(id: id.wireText, email: email, verified: verified, primary: primary)
    }

    /// The form in which an address is stored and shown: trimmed, lower case, its domain in U-labels.
    ///
    /// Before the `@` only ASCII is made lower case: the Kelvin sign in a mailbox's name would become a `k`, and
    /// the address another person's. A text that is not an address has a form too, so that it can be looked for.
    public static func normalized(_ text: String) -> String {
        let (mailbox, domain) = parts(of: text)
        guard let domain else { return mailbox }
        return mailbox + "@" + (DomainName(domain)?.unicode ?? plain(domain))
    }

    /// The form in which addresses are compared, looked up, kept unique and counted by rate limits:
    /// ``normalized(_:)`` with the domain in A-labels. Mail is sent to it.
    ///
    /// Two addresses have one key if, and only if, they have one normalized form.
    public static func key(of text: String) -> String {
        let (mailbox, domain) = parts(of: text)
        guard let domain else { return mailbox }
        return mailbox + "@" + (DomainName(domain)?.ascii ?? plain(domain))
    }

    /// Whether it is the address that `text` names, by ``key(of:)``.
    public func isNamed(_ text: String?) -> Bool {
        text.map { Self.key(of: $0).hasSameBytes(as: Self.key(of: email)) } ?? false
    }

    /// Longer texts are not addresses; they are not normalized, since that takes the square of the number of
    /// combining marks in a row.
    private static let longestInput = 4 * EmailSyntax.longest

    /// What stands before the last `@`, ready to be compared, and what stands behind it; no domain where there is
    /// no `@`.
    private static func parts(of text: String) -> (mailbox: String, domain: String?) {
        // By code point: an `@` with a combining mark behind it is one character to Swift, and no `@`.
        let scalars = text.trimmingCharacters(in: .whitespacesAndNewlines).unicodeScalars
        guard let at = scalars.lastIndex(of: "@") else { return (plain(String(scalars)), nil) }
        let bytes = Substring(scalars[..<at]).utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        let mailbox = String(decoding: bytes, as: UTF8.self)
        let composed =
            bytes.count <= longestInput ? mailbox.precomposedStringWithCanonicalMapping : mailbox
        return (
            // Unicode composes the Kelvin sign to a K: that would be another person's mailbox.
            composed.utf8.allSatisfy { $0 < 0x80 } ? mailbox : composed,
            String(scalars[scalars.index(after: at)...])
        )
    }

    private static func plain(_ text: String) -> String {
        guard text.utf8.count <= longestInput else { return text }
        return text.lowercased().precomposedStringWithCanonicalMapping
    }
}
