// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// An address with a display name: `Example <accounts@example.org>`.
///
/// A value of this type is safe in a header and in an SMTP command: it contains nothing that ends a line or an address.
public struct MailAddress: Hashable, Sendable {
    /// The display name; nil shows the address.
    public let name: String?
    /// `local@domain`, without angle brackets.
    public let address: String
    /// The address as it is sent: a domain outside ASCII as A-labels (RFC 5891), which every server accepts. The local
    /// part is unchanged.
    public let wireText: String

    /// - Throws: ``MailError/Code/malformed`` if the address is invalid or the name contains a control character.
    public init(name: String? = nil, address: String) throws(MailError) {
        guard Self.isAddress(address) else { throw MailError(.malformed, "not an e-mail address") }
        guard let wireText = Self.wireText(of: address), wireText.utf8.count <= EmailSyntax.longest else {
            throw MailError(
                .malformed, "the e-mail address is too long, or its domain has no ASCII form (IDNA2008)")
        }
        if let name, !name.unicodeScalars.allSatisfy(HeaderText.mayStand) {
            throw MailError(.malformed, "the display name contains a control character")
        }
        self.name = name.flatMap { $0.isEmpty ? nil : $0 }
        self.address = address
        self.wireText = wireText
    }

    /// The sender if none is set, for development.
    static let unset = MailAddress(literal: "accounts@localhost")

    private init(literal: String) {
        name = nil
        address = literal
        wireText = literal
    }

    /// Reads `accounts@example.org` or `Example <accounts@example.org>`; the name may be quoted.
    ///
    /// - Throws: ``MailError/Code/malformed`` if the text is neither.
    public init(parsing text: String) throws(MailError) {
        let text = text.trimmingCharacters(in: .whitespaces)
        guard text.hasSuffix(">"), let open = text.lastIndex(of: "<") else {
            try self.init(address: text)
            return
        }
        var name = text[..<open].trimmingCharacters(in: .whitespaces)
        if name.count >= 2, name.hasPrefix("\""), name.hasSuffix("\"") {
            name = String(name.dropFirst().dropLast())
                .replacingOccurrences(of: "\\\"", with: "\"")
                .replacingOccurrences(of: "\\\\", with: "\\")
        }
        try self.init(name: name, address: String(text[text.index(after: open)...].dropLast()))
    }

    /// The part after the last `@`.
    public var domain: String { address.split(separator: "@").last.map(String.init) ?? "" }

    /// Nil if the domain has no A-labels. An ASCII domain is returned unchanged, without further checks.
    private static func wireText(of address: String) -> String? {
        let scalars = address.unicodeScalars
        guard let at = scalars.lastIndex(of: "@") else { return nil }
        let domain = Substring(scalars[scalars.index(after: at)...])
        if domain.utf8.allSatisfy({ $0 < 0x80 }) { return address }
        return DomainName(domain).map { String(scalars[...at]) + $0.ascii }
    }

    /// The domain as it is sent.
    var wireDomain: String { wireText.split(separator: "@").last.map(String.init) ?? "" }

    /// The form for a header (RFC 5322, section 3.4).
    var headerText: String { name.map { "\(HeaderText.phrase($0)) <\(wireText)>" } ?? wireText }

    /// Checks that the text is short enough to be normalized, has one `@` between two parts, and contains no space,
    /// control character or character with a meaning in a header. Quoted local parts and address literals are rejected:
    /// real users' addresses do not need them.
    private static func isAddress(_ text: String) -> Bool {
        guard text.utf8.count <= 4 * EmailSyntax.longest else { return false }
        let parts = text.unicodeScalars.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else { return false }
        return text.unicodeScalars.allSatisfy { scalar in
            HeaderText.mayStand(scalar) && !scalar.properties.isWhitespace
                && !"<>()[],;:\\\"".unicodeScalars.contains(scalar)
        }
    }
}
