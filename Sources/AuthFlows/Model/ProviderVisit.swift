// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A visit to a provider that is under way: what the callback has to find again. Single use; it is kept in
/// the session, so that nobody else's browser can come back with it (RFC 6749, section 10.12).
public struct ProviderVisit: Hashable, Sendable, Codable {
    /// What the provider hands back.
    public var state: String
    public var provider: String
    public var process: SocialLoginSnapshot.Process
    /// Where the visitor wants to be afterwards.
    public var callbackURL: URL?
    /// The callback that the provider was told.
    public var redirectURI: URL
    /// RFC 7636.
    public var codeVerifier: String
    /// OpenID Connect Core, section 3.1.2.1.
    public var nonce: String
    /// It lapses ``SocialSettings/stateAge`` after this.
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

/// An account at a provider that a logged-in user is to connect, of which `pre_social_login` has been told
/// already: they prove again who they are, and come back with it (SO23).
public struct PendingConnect: Hashable, Sendable, Codable {
    public var provider: String
    public var uid: String
    /// It lapses `ACCOUNT_LOGIN_TIMEOUT` after this.
    public var startedAt: Date

    public init(provider: String, uid: String, startedAt: Date) {
        self.provider = provider
        self.uid = uid
        self.startedAt = startedAt
    }
}
