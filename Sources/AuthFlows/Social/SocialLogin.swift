// SPDX-License-Identifier: Apache-2.0
public import AuthSignals

/// A log-in by a provider while it passes through a flow: allauth's `SocialLogin`.
public struct SocialLogin: Sendable {
    public var identity: SocialIdentity
    public var process: SocialLoginSnapshot.Process
    /// The matching user: the one of the connected account, or the one that was found by an address.
    public var user: User?
    /// The stored account, if one exists.
    public var account: SocialAccount?

    /// Whether it matches an existing user.
    public var isExisting: Bool { user != nil }

    public init(
        identity: SocialIdentity, process: SocialLoginSnapshot.Process, user: User? = nil,
        account: SocialAccount? = nil
    ) {
        self.identity = identity
        self.process = process
        self.user = user
        self.account = account
    }
}

extension SocialLogin {
    /// The social log-in in the form that payloads contain, `data.sociallogin`. It carries the provider's token in
    /// plain text: the codec seals it for the event if `SIGNALS_TOKEN_KEYS` is set, and omits it otherwise.
    ///
    /// - Parameter stored: the user's stored addresses, whose ids are added to the same addresses of the provider.
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
    /// The unsealed token in the form that a signal carries.
    public var unsealed: SocialToken {
        SocialToken(
            exposedAccessToken: accessToken.exposedText, tokenType: tokenType, scope: scope,
            exposedRefreshToken: refreshToken?.exposedText, expiresAt: expiresAt)
    }
}
