// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// An OpenID Connect provider: discovery, the code flow, and ID tokens sent by applications.
public struct OpenIDProvider: SocialProvider {
    public let definition: OpenIDDefinition
    public let app: SocialApp
    private let http: any ProviderHTTP
    private let clock: any WallClock
    private let discovery: CachedDocument<OpenIDConfiguration>
    private let keys: SigningKeys
    private let verifier: IDTokenVerifier

    /// - Parameters:
    ///   - definition: the provider.
    ///   - app: the client that is registered at the provider.
    ///   - http: the HTTP client; its owner shuts it down.
    ///   - clock: the time; tests pass a clock that they set.
    public init(
        _ definition: OpenIDDefinition, app: SocialApp, http: any ProviderHTTP,
        clock: any WallClock = .system
    ) {
        self.definition = definition
        self.app = app
        self.http = http
        self.clock = clock
        let allowsPlainHTTP = definition.allowsPlainHTTP
        let discovery = CachedDocument(clock: clock) {
            do throws(SocialProviderError) {
                if let configuration = definition.configuration { return .success(configuration) }
                guard let address = OpenIDConfiguration.address(of: definition.issuer) else {
                    throw SocialProviderError(.unknown, "the issuer is not a URL")
                }
                var request = ProviderRequest.get(address)
                request.allowsPlainHTTP = allowsPlainHTTP
                let answer = try await http.send(request)
                return .success(try OpenIDConfiguration(answer, of: definition))
            } catch {
                return .failure(error)
            }
        }
        self.discovery = discovery
        let keys = SigningKeys(clock: clock) { () async throws(SocialProviderError) in
            var request = ProviderRequest.get(try await discovery.current().keysEndpoint)
            request.allowsPlainHTTP = allowsPlainHTTP
            return try await http.send(request)
        }
        self.keys = keys
        verifier = IDTokenVerifier(
            keys: keys, clock: clock, allowsOtherParties: definition.allowsOtherParties)
    }

    public var id: String { app.id ?? definition.id }
    public var name: String { app.name ?? definition.name }
    public var clientID: String? { app.clientID }
    public var ways: Set<SocialProviderWay> { definition.ways }
    public var discoveryURL: URL? {
        definition.configuration == nil ? OpenIDConfiguration.address(of: definition.issuer) : nil
    }
    public var policy: SocialProviderPolicy { app.policy }

    /// Fetches the issuer's configuration and keys.
    func check() async throws(SocialProviderError) {
        _ = try await discovery.current()
        try await keys.prefetch()
    }

    public func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL {
        let endpoint = try await discovery.current().authorizationEndpoint
        let own = definition.scope + (app.queriesEmail ? definition.emailScope : [])
        var further = definition.authorizationParameters.merging(app.authorizationParameters) { $1 }
        if definition.sendsNonce { further["nonce"] = request.nonce }
        return code.url(
            endpoint, request, scope: request.scopes(with: app.scope ?? own).joined(separator: " "),
            further: further)
    }

    public func identity(
        for callback: AuthorizationCallback
    ) async throws(SocialProviderError) -> SocialIdentity {
        // RFC 9207: rejects the response of another provider that an attacker sent here through the browser (mix-up
        // attack).
        if let issuer = callback.parameters["iss"], issuer != definition.tokenIssuer {
            throw SocialProviderError(.unknown, "the response is from another issuer")
        }
        let configuration = try await discovery.current()
        let now = clock.now()
        let secret: ClientSecret? =
            if let make = definition.makeSecret { try await make(app, now) } else { app.secret }
        let answer = try await code.redeem(
            callback, at: configuration.tokenEndpoint,
            by: app.authentication ?? definition.authentication ?? configuration.preferredAuthentication,
            secret: secret, headers: [:], allowsPlainHTTP: definition.allowsPlainHTTP, now: now)
        guard let idToken = answer.idToken else { throw IDTokenVerifier.invalid("is missing") }
        let claims = try await verifier.claims(
            of: idToken, issuer: definition.tokenIssuer, audiences: [app.clientID],
            nonce: definition.sendsNonce ? callback.nonce : nil)
        var told = OpenIDAnswer(claims: claims, parameters: callback.parameters)
        told.userInfo = try await userInfo(configuration, answer.token, claims)
        return try identity(told, answer.token)
    }

    public func identity(for login: TokenLogin) async throws(SocialProviderError) -> SocialIdentity {
        guard ways.contains(.token) else {
            throw SocialProviderError(.unsupported, "\(id) does not accept tokens sent by an application")
        }
        let audiences = try app.audiences(of: login)
        // An access token alone is not accepted: it does not name the client that it was issued to.
        guard let token = login.idToken else { throw IDTokenVerifier.invalid("is missing") }
        let claims = try await verifier.claims(
            of: token, issuer: definition.tokenIssuer, audiences: audiences, nonce: nil)
        var told = try identity(OpenIDAnswer(claims: claims, isBrought: true), nil)
        told.oneTimeToken = IDTokenVerifier.oneTimeToken(claims, issuer: definition.tokenIssuer)
        return told
    }

    /// Fetches userinfo (OpenID Connect Core, section 5.3).
    private func userInfo(
        _ configuration: OpenIDConfiguration, _ token: ProviderToken, _ claims: JSONValue
    ) async throws(SocialProviderError) -> JSONValue? {
        guard definition.fetchesUserInfo, let endpoint = configuration.userInfoEndpoint else { return nil }
        var request = ProviderRequest.get(endpoint).authorized(by: token.accessToken)
        request.allowsPlainHTTP = definition.allowsPlainHTTP
        request.headers["Accept"] = "application/json, application/jwt"
        let told = try await self.claims(in: try await http.send(request).successful())
        guard let subject = claims["sub"]?.string, told["sub"]?.string == subject else {
            throw SocialProviderError(
                .invalidToken, "userinfo is about another person than the ID token: sub")
        }
        return told
    }

    /// The claims of a userinfo response: JSON, or a JWT if the client is registered for that.
    private func claims(in answer: ProviderAnswer) async throws(SocialProviderError) -> JSONValue {
        let text = String(decoding: answer.body, as: UTF8.self).trimmingCharacters(
            in: .whitespacesAndNewlines)
        guard answer.contentType == "application/jwt" || text.hasPrefix("ey") else {
            do throws(SocialProviderError) {
                return try answer.object()
            } catch {
                throw SocialProviderError(
                    error.code, "userinfo: \(error.message); \(IDTokenVerifier.withoutUserInfo)")
            }
        }
        return try await verifier.userInfo(
            TokenText(text), issuer: definition.tokenIssuer, audience: app.clientID)
    }

    private func identity(
        _ answer: OpenIDAnswer, _ token: ProviderToken?
    ) throws(SocialProviderError) -> SocialIdentity {
        try definition.profile(answer, app).identity(provider: id, app: app, token: token)
    }

    private var code: AuthorizationCode {
        AuthorizationCode(app: app, http: http, usesPKCE: app.usesPKCE ?? definition.usesPKCE)
    }
}

extension OpenIDDefinition {
    /// The expected issuer of ID tokens.
    var tokenIssuer: String { configurationOverrides["issuer"]?.string ?? issuer }

    /// Whether plain HTTP was configured.
    var allowsPlainHTTP: Bool { issuer.hasPrefix("http:") }
}
