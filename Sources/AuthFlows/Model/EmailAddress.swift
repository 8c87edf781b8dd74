// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// An e-mail address of a user.
public struct EmailAddress: Hashable, Sendable, Identifiable {
    /// UUID version 7, never reused: a new row for the same address makes old links void.
    public var id: UUID
    public var userID: User.ID
    /// Lower case; at most 254 bytes.
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

    /// The form in which an address is stored and looked up: trimmed, lower case.
    ///
    /// Before the `@` only ASCII is made lower case: the Kelvin sign in a mailbox's name would become a `k`,
    /// and the address another person's.
    public static func normalized(_ text: String) -> String {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard let at = text.lastIndex(of: "@") else { return text.lowercased() }
        let mailbox = text[..<at].utf8.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 }
        return String(decoding: mailbox, as: UTF8.self) + text[at...].lowercased()
    }
}
