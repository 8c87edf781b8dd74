// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A pending redirect to a provider: the state that its callback needs. Single use. It is kept in the session, so that
/// the callback is valid only in the same browser (RFC 6749, section 10.12).
public struct ProviderVisit: Hashable, Sendable, Codable {
    /// The `state` parameter, which the provider returns unchanged.
    public var state: String
    public var provider: String
    public var process: SocialLoginSnapshot.Process
    /// Where the browser is redirected to afterwards.
    public var callbackURL: URL?
    /// The callback that was sent to the provider.
    public var redirectURI: URL
    /// RFC 7636.
    public var codeVerifier: String
    /// OpenID Connect Core, section 3.1.2.1.
    public var nonce: String
    /// It expires ``SocialSettings/stateAge`` after this.
    public var startedAt: Date

    public init(
        state: String, provider: String, process: SocialLoginSnapshot.Process, callbackURL: URL?,
        redirectURI: URL, codeVerifier: String, nonce: String, startedAt: Date
    ) {
        self.state = state
        self.provider = provider
        self.process = process
        self.callbackURL = callbackURL
        self.redirectURI = redirectURI
        self.codeVerifier = codeVerifier
        self.nonce = nonce
        self.startedAt = startedAt
    }
}

/// An account at a provider that a logged-in user may connect only after they have reauthenticated.
///
/// `pre_social_login` was emitted for it already. When the user returns with the same account after the
/// reauthentication, it is not emitted again.
public struct PendingConnect: Hashable, Sendable, Codable {
    public var provider: String
    public var uid: String
    /// It expires `ACCOUNT_LOGIN_TIMEOUT` after this.
    public var startedAt: Date

    public init(provider: String, uid: String, startedAt: Date) {
        self.provider = provider
        self.uid = uid
        self.startedAt = startedAt
    }
}
