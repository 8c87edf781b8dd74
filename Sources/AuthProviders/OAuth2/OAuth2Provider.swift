// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// An OAuth 2 provider (RFC 6749, with PKCE, RFC 7636): exchanges a code, then fetches and maps a profile.
public struct OAuth2Provider: SocialProvider {
    public let definition: OAuth2Definition
    public let app: SocialApp
    private let http: any ProviderHTTP
    private let clock: any WallClock
    private let verifier: IDTokenVerifier?

    /// - Parameters:
    ///   - definition: the provider.
    ///   - app: the client that is registered at the provider.
    ///   - http: the HTTP client; its owner shuts it down.
    ///   - clock: the time; tests pass a clock that they set.
    public init(
        _ definition: OAuth2Definition, app: SocialApp, http: any ProviderHTTP,
        clock: any WallClock = .system
    ) {
        self.definition = definition
        self.app = app
        self.http = http
        self.clock = clock
        verifier = definition.idTokens.map { source in
            IDTokenVerifier(
                keys: SigningKeys(at: source.keysEndpoint, http: http, clock: clock), clock: clock)
        }
    }

    public var id: String { app.id ?? definition.id }
    public var name: String { app.name ?? definition.name }
    public var clientID: String? { app.clientID }
    public var ways: Set<SocialProviderWay> {
        definition.audienceCheck == nil && definition.idTokens == nil ? [.redirect] : [.redirect, .token]
    }
    public var discoveryURL: URL? { nil }
    public var policy: SocialProviderPolicy { app.policy }

    /// Checks that the token end-point responds at all: without a code, nothing more can be checked.
    func check() async throws(SocialProviderError) {
        var request = ProviderRequest.get(definition.tokenEndpoint)
        request.allowsPlainHTTP = definition.allowsPlainHTTP
        do throws(SocialProviderError) {
            _ = try await http.send(request)
        } catch {
            if error.code == .unreachable { throw error }
        }
    }

    public func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL {
        let own = definition.scope + (app.queriesEmail ? definition.emailScope : [])
        return code.url(
            definition.authorizationEndpoint, request,
            scope: request.scopes(with: app.scope ?? own).joined(separator: definition.scopeSeparator),
            further: definition.authorizationParameters.merging(app.authorizationParameters) { $1 })
    }

    public func identity(
        for callback: AuthorizationCallback
    ) async throws(SocialProviderError) -> SocialIdentity {
        let answer = try await code.redeem(
            callback, at: definition.tokenEndpoint, by: app.authentication ?? definition.authentication,
            secret: app.secret, headers: definition.headers(app),
            allowsPlainHTTP: definition.allowsPlainHTTP, now: clock.now())
        return try await identity(answer.token)
    }

    public func identity(for login: TokenLogin) async throws(SocialProviderError) -> SocialIdentity {
        guard ways.contains(.token) else {
            throw SocialProviderError(.unsupported, "\(id) does not accept tokens sent by an application")
        }
        let audiences = try app.audiences(of: login)
        if let check = definition.audienceCheck,
            let token = login.accessToken.flatMap({ TokenText(checking: $0.exposedText) })
        {
            try await check(calls(token))
            return try await identity(ProviderToken(accessToken: token))
        }
        guard let source = definition.idTokens, let verifier, let token = login.idToken else {
            throw SocialProviderError(.invalidToken, "the request has no token of a kind that \(id) accepts")
        }
        let claims = try await verifier.claims(
            of: token, issuer: source.issuer, audiences: audiences, nonce: nil)
        var told = try identity(of: source.profile(claims), token: nil)
        told.oneTimeToken = IDTokenVerifier.oneTimeToken(claims, issuer: source.issuer)
        return told
    }

    private func identity(_ token: ProviderToken) async throws(SocialProviderError) -> SocialIdentity {
        let answer = try await definition.fetch(calls(token.accessToken))
        return try identity(of: answer, token: token)
    }

    private func identity(
        of answer: JSONValue, token: ProviderToken?
    ) throws(SocialProviderError) -> SocialIdentity {
        var profile = definition.profile(answer)
        if let field = app.uidField { profile.uid = answer.text(field) }
        return try profile.identity(provider: id, app: app, token: token)
    }

    private var code: AuthorizationCode {
        AuthorizationCode(app: app, http: http, usesPKCE: app.usesPKCE ?? definition.usesPKCE)
    }

    private func calls(_ token: TokenText) -> ProviderCalls {
        ProviderCalls(
            app: app, accessToken: token, headers: definition.headers(app), http: http,
            allowsPlainHTTP: definition.allowsPlainHTTP)
    }
}

extension AuthorizationRequest {
    /// The configured scopes and the requested ones, without duplicates.
    func scopes(with configured: [String]) -> [String] {
        var seen: Set<String> = []
        return (configured + scope).filter { seen.insert($0).inserted }
    }
}
