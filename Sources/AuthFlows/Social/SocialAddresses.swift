// SPDX-License-Identifier: Apache-2.0
import AuthSignals

/// Decides which addresses a social sign-up stores, and which of them is primary.
///
/// Source: allauth `account/utils.py:cleanup_email_addresses`.
enum SocialAddresses {
    /// - Parameters:
    ///   - typed: the address from the sign-up form; it comes first and is unverified.
    ///   - told: the addresses from the provider.
    /// - Returns: each address once. The primary one is preferably verified; among equals it is the one from the form,
    ///   or the provider's primary one.
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
    /// The address that a sign-up without a form would use.
    package var proposal: String? { (first(where: \.primary) ?? first)?.email }
}

extension SocialIdentity {
    /// The maximum nesting depth of a profile. Signals and session states contain it a few levels down, and their own
    /// limit is `JSONValue.largestDepth`.
    private static let deepestProfile = 24

    /// The identity with the configured id of its provider and without invalid addresses.
    ///
    /// - Returns: nil if its `uid` is missing or cannot be stored.
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

    /// Whether a `uid` has at most ``longestUID`` code points. A `Character` has no maximum size.
    package static func isShort(_ uid: String) -> Bool {
        uid.utf8.count <= 4 * longestUID && uid.unicodeScalars.count <= longestUID
    }
}

extension JSONValue {
    /// The value without the levels below `depth`. An object that was cut is replaced by `{"truncated": true}`.
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
