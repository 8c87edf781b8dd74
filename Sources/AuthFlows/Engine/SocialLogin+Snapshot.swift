// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

extension SocialLogin {
    /// The social log-in as a payload shows it, `data.sociallogin`, with the provider's token in the clear beside
    /// it: the codec seals that for the event where `SIGNALS_TOKEN_KEYS` is set, and leaves it out otherwise.
    ///
    /// - Parameter stored: the user's addresses, for the ids of those that the provider tells, too.
    public func snapshot(stored: [EmailAddress] = []) -> SocialLoginSnapshot {
        var snapshot = SocialLoginSnapshot(
            provider: identity.provider, uid: identity.uid, process: process, isExisting: isExisting,
            accountID: account?.id.wireText,
            emailAddresses: identity.emailAddresses.map { address in
                ProviderAddressSnapshot(
                    id: stored.first { $0.email == address.email }?.id.wireText, email: address.email,
                    verified: address.verified, primary: address.primary)
            },
            extraData: identity.extraData)
        snapshot.unsealedToken = identity.token?.unsealed
        return snapshot
    }
}

extension ProviderToken {
    /// The token as a signal carries it until it is sealed.
    public var unsealed: SocialToken {
        SocialToken(
            exposedAccessToken: accessToken.exposedText, tokenType: tokenType, scope: scope,
            exposedRefreshToken: refreshToken?.exposedText, expiresAt: expiresAt)
    }
}
