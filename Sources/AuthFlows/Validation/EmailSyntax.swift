// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The syntax check of e-mail addresses: Django's EmailValidator, allauth's limit of 254, and a domain that has
/// A-labels.
package enum EmailSyntax {
    /// The longest address, in bytes, in the form that mail is sent to (``EmailAddress/key(of:)``).
    package static let longest = 254

    package static func isValid(_ email: String) -> Bool {
        let scalars = email.unicodeScalars
        guard email.utf8.count <= 4 * longest, let at = scalars.lastIndex(of: "@") else { return false }
        return EmailAddress.key(of: email).utf8.count <= longest
            && isLocalPart(Substring(scalars[..<at]).utf8)
            && isDomain(Substring(scalars[scalars.index(after: at)...]))
    }

    /// RFC 5322's dot-atom. Quoted local parts are refused. So are characters beyond ASCII, because mail to such an
    /// address needs SMTPUTF8 support in every server on the way.
    private static func isLocalPart(_ text: some BidirectionalCollection<UInt8>) -> Bool {
        guard !text.isEmpty, text.count <= 64 else { return false }
        return text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).allSatisfy { atom in
            !atom.isEmpty
                && atom.allSatisfy { byte in
                    isAlphanumeric(byte) || "!#$%&'*+-/=?^_`{|}~".utf8.contains(byte)
                }
        }
    }

    private static func isDomain(_ text: Substring) -> Bool {
        guard let domain = DomainName(text) else { return false }
        if domain.ascii == "localhost" { return true }
        let labels = domain.ascii.utf8.split(separator: UInt8(ascii: "."))
        guard labels.count >= 2, let last = labels.last else { return false }
        return last.count >= 2 && !last.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte
            || UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte
    }
}
