// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

extension Profile {
    /// More addresses than any person has at a provider; further ones are ignored.
    private static let mostAddresses = 100

    /// The identity for the flows, with the same checks as allauth's `sociallogin_from_response`.
    ///
    /// - Throws: ``SocialProviderError`` with code ``SocialProviderError/Code/unknown`` if the profile has no valid id.
    func identity(
        provider: String, app: SocialApp, token: ProviderToken?
    ) throws(SocialProviderError) -> SocialIdentity {
        guard let uid, !uid.isEmpty else {
            throw SocialProviderError(.unknown, "the profile has no person's id")
        }
        guard SocialIdentity.isShort(uid) else {
            throw SocialProviderError(
                .unknown, "the person's id has more than \(SocialIdentity.longestUID) characters")
        }
        guard !uid.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw SocialProviderError(.unknown, "the person's id has control characters")
        }
        return SocialIdentity(
            provider: provider, uid: uid, emailAddresses: cleanAddresses(app.verifiedEmail),
            username: username.flatMap { $0.utf8.count <= 254 ? $0 : nil },
            name: name.flatMap { $0.utf8.count <= 254 ? $0 : nil }, extraData: extraData, token: token)
    }

    /// allauth's `cleanup_email_addresses`: malformed ones are dropped, the first are the most important.
    private func cleanAddresses(_ verifiedEmail: VerifiedEmail) -> [SocialEmailAddress] {
        var found: [SocialEmailAddress] = []
        for address in addresses where EmailSyntax.isValid(address.email) {
            if let index = found.firstIndex(where: { $0.email == address.email }) {
                // The same address twice: it is verified only if both entries are.
                found[index].verified = found[index].verified && address.verified
            } else if found.count < Self.mostAddresses {
                found.append(address)
            }
        }
        if let email = email.map(EmailAddress.normalized), EmailSyntax.isValid(email),
            !found.contains(where: { $0.email == email })
        {
            found.append(SocialEmailAddress(email: email, verified: false, primary: true))
        }
        for index in found.indices where verifiedEmail.covers(found[index].email) {
            found[index].verified = true
        }
        found.sort { Self.rank($0) > Self.rank($1) }
        // At most one address is primary.
        for index in found.indices.dropFirst() { found[index].primary = false }
        return found
    }

    private static func rank(_ address: SocialEmailAddress) -> (Int, Int, String) {
        (address.primary ? 1 : 0, address.verified ? 1 : 0, address.email)
    }
}
