// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Crypto
public import Foundation

/// A browser's request to be redirected to a provider.
public struct ProviderRedirect: Sendable {
    /// ``SocialProvider/id``.
    public var provider: String?
    /// `login`, `connect`, or `redirect` to update the stored account and its token without a log-in.
    public var process: SocialLoginSnapshot.Process?
    /// Where the browser is redirected to afterwards: on this server, a front end, or a trusted origin.
    public var callbackURL: String?
    /// This server's callback, which must be registered at the provider.
    public var redirectURI: URL
    /// Scopes beyond the configured ones.
    public var scope: [String]

    public init(
        provider: String?, process: SocialLoginSnapshot.Process?, callbackURL: String?, redirectURI: URL,
        scope: [String] = []
    ) {
        self.provider = provider
        self.process = process
        self.callbackURL = callbackURL
        self.redirectURI = redirectURI
        self.scope = scope
    }
}

/// The address at the provider that the browser has to be redirected to.
public struct AuthorizationRedirect: Sendable {
    public var url: URL
    /// The token of the session, if one was opened for the redirect. It is returned only once.
    public var newToken: SessionToken?
}

extension Accounts {
    /// Starts a log-in by a provider with a redirect.
    ///
    /// The session keeps the values that the callback needs: the `state`, PKCE's verifier and the `nonce` (RFC 6749,
    /// section 10.12; RFC 7636; OpenID Connect Core, section 3.1.2.1). They can be used once, and expire after
    /// ``SocialSettings/stateAge``. If a session has more than ``SocialSettings/maxStates``, the oldest is dropped.
    public func redirectToProvider(_ form: ProviderRedirect, _ context: FlowContext = FlowContext())
        async throws
        -> FlowResult<AuthorizationRedirect>
    {
        if case .unknownToken = try await caller(context) { return .gone }
        // Limited, because each call may open a session and send a request to the provider.
        if let seconds = try await secondsUntilAllowed(.login, context) {
            return .rateLimited(retryAfter: seconds)
        }
        var refusals: [Refusal] = []
        let provider = provider(form.provider ?? "")
        if provider?.ways.contains(.redirect) != true {
            refusals.append(Refusal(.unknownProvider, field: "provider", .unknownProvider))
        }
        let process = process(form.process, among: [.login, .connect, .redirect], &refusals)
        let callback = form.callbackURL.flatMap { settings.redirectTarget($0) }
        if callback == nil, form.callbackURL != nil {
            refusals.append(Refusal(.invalidURL, field: "callback_url", .invalidURL))
        }
        guard let provider, let process, refusals.isEmpty else { return .refused(refusals) }

        let verifier = Data.random(count: 32).base64URL
        let visitAtProvider = ProviderVisit(
            state: Data.random(count: 16).base64URL, provider: provider.id, process: process,
            callbackURL: callback, redirectURI: form.redirectURI, codeVerifier: verifier,
            nonce: Data.random(count: 16).base64URL, startedAt: clock.now())
        let url: URL
        do {
            url = try await provider.authorizationURL(
                AuthorizationRequest(
                    redirectURI: form.redirectURI, state: visitAtProvider.state,
                    codeChallenge: Data(SHA256.hash(data: Data(verifier.utf8))).base64URL,
                    nonce: visitAtProvider.nonce, scope: form.scope))
        } catch {
            return .refused(.redirect(error))
        }
        return try await withTransaction(context) { flow in
            let limits = flow.settings.social
            let token = try flow.remember { [now = flow.now] state in
                state.providerVisits.removeAll { $0.startedAt + limits.stateAge <= now }
                state.providerVisits.append(visitAtProvider)
                state.providerVisits.removeFirst(max(0, state.providerVisits.count - limits.maxStates))
            }
            return .success(AuthorizationRedirect(url: url, newToken: token))
        }
    }
}

extension Refusal {
    /// The refusal whose code is `error` in the query of the front end's address: allauth's `AuthError`.
    static func redirect(_ error: SocialProviderError) -> Refusal {
        let code: Code =
            switch error.code {
            case .cancelled: .cancelled
            case .denied: .denied
            default: .unknown
            }
        return Refusal(code, .providerFailed)
    }
}
