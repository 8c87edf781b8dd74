// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Which addresses a social sign-up stores, and which of them is primary.
///
/// Source: allauth `account/utils.py:cleanup_email_addresses`.
enum SocialAddresses {
    /// - Parameters:
    ///   - typed: what was typed into the sign-up form: the first, and proved by nobody.
    ///   - told: what the provider told.
    /// - Returns: each address once. A verified one is primary before one that is not, and among those the one
    ///   that was typed, or that the provider calls primary, before the others.
    static func merged(typed: String?, told: [SocialEmailAddress]) -> [SocialEmailAddress] {
        let first = typed.map { [SocialEmailAddress(email: $0, verified: false, primary: true)] } ?? []
        var all: [SocialEmailAddress] = []
        for address in first + told {
            if let index = all.firstIndex(where: { $0.email == address.email }) {
                all[index].verified = all[index].verified || address.verified
                all[index].primary = all[index].primary || address.primary
            } else {
                all.append(address)
            }
        }
        let primary =
            all.first { $0.primary && $0.verified } ?? all.first(where: \.verified)
            ?? all.first(where: \.primary) ?? all.first
        for index in all.indices { all[index].primary = all[index].email == primary?.email }
        return all
    }
}

extension [SocialEmailAddress] {
    /// The address that a sign-up without a form would be about.
    package var proposal: String? { (first(where: \.primary) ?? first)?.email }
}

extension SocialIdentity {
    /// How deep a profile may be nested: a signal, and a session's state, hold it a few levels down, and may
    /// be `JSONValue.largestDepth` deep altogether.
    private static let deepestProfile = 24

    /// The identity as flows take it: under the provider's own id, and without addresses that are none.
    ///
    /// - Returns: nil where it has no id of the person, or one that cannot be stored.
    func checked(of provider: any SocialProvider) -> SocialIdentity? {
        guard !uid.isEmpty, Self.isShort(uid), !uid.utf8.contains(0) else { return nil }
        var identity = self
        identity.provider = provider.id
        identity.extraData = extraData.cut(toDepth: Self.deepestProfile)
        identity.emailAddresses = emailAddresses.compactMap { address in
            EmailSyntax.isValid(address.email) ? address : nil
        }
        return identity
    }

    /// Whether an id of a person is at most ``longestUID`` long: in code points, since a character has no limit.
    package static func isShort(_ uid: String) -> Bool {
        uid.utf8.count <= 4 * longestUID && uid.unicodeScalars.count <= longestUID
    }
}

extension JSONValue {
    /// The value without what lies deeper: an object that was cut says `"truncated": true`.
    fileprivate func cut(toDepth depth: Int) -> JSONValue {
        switch self {
        case .array(let elements):
            depth == 0 ? .array([]) : .array(elements.map { $0.cut(toDepth: depth - 1) })
        case .object, .objectOfMembers:
            depth == 0 ? ["truncated": true] : changingMembers { $0.value.cut(toDepth: depth - 1) }
        default: self
        }
    }
}
