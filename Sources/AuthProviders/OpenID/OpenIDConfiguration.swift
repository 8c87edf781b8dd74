// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
public import Foundation

/// The end-points of an OpenID provider, from its discovery document (OpenID Connect Discovery, section 3) or set by
/// hand.
public struct OpenIDConfiguration: Sendable {
    public var authorizationEndpoint: URL
    public var tokenEndpoint: URL
    public var keysEndpoint: URL
    public var userInfoEndpoint: URL?
    /// `token_endpoint_auth_methods_supported`; `client_secret_basic` if it is absent.
    public var authentications: [ClientAuthentication] = [.basic]

    public init(
        authorizationEndpoint: URL, tokenEndpoint: URL, keysEndpoint: URL, userInfoEndpoint: URL? = nil
    ) {
        self.authorizationEndpoint = authorizationEndpoint
        self.tokenEndpoint = tokenEndpoint
        self.keysEndpoint = keysEndpoint
        self.userInfoEndpoint = userInfoEndpoint
    }

    /// The URL of an issuer's discovery document (OpenID Connect Discovery, section 4).
    public static func address(of issuer: String) -> URL? {
        var base = Substring(issuer)
        while base.hasSuffix("/") { base.removeLast() }
        return URL(string: base + "/.well-known/openid-configuration")
    }

    /// Reads a discovery document.
    ///
    /// - Throws: ``SocialProviderError`` if it is from another issuer, or an https issuer names http end-points.
    init(_ answer: ProviderAnswer, of definition: OpenIDDefinition) throws(SocialProviderError) {
        var document = try answer.successful().object()
        for (name, value) in definition.configurationOverrides {
            document = document.setting(name, to: value)
        }
        guard document["issuer"]?.string == definition.tokenIssuer else {
            throw SocialProviderError(
                .unknown, "the discovery document is from another issuer than configured")
        }
        let allowsPlainHTTP = definition.allowsPlainHTTP
        func endpoint(_ member: String) throws(SocialProviderError) -> URL? {
            guard let text = document[member]?.string else { return nil }
            guard let url = URL(string: text), url.host?.isEmpty == false, url.user == nil,
                url.scheme == "https" || (allowsPlainHTTP && url.scheme == "http")
            else {
                throw SocialProviderError(.unknown, "the discovery document's \(member) is not an https URL")
            }
            return url
        }
        guard let authorization = try endpoint("authorization_endpoint"),
            let token = try endpoint("token_endpoint"), let keys = try endpoint("jwks_uri")
        else { throw SocialProviderError(.unknown, "the discovery document lacks an end-point") }
        self.init(
            authorizationEndpoint: authorization, tokenEndpoint: token, keysEndpoint: keys,
            userInfoEndpoint: try endpoint("userinfo_endpoint"))
        if let methods = document["token_endpoint_auth_methods_supported"]?.elements {
            authentications = methods.compactMap { $0.string.flatMap(ClientAuthentication.init(rawValue:)) }
        }
    }

    /// How a client authenticates if nothing is configured: as in allauth, because client ids with a colon do not
    /// work with
    /// `client_secret_basic` at some providers.
    var preferredAuthentication: ClientAuthentication {
        authentications.contains(.basic) && !authentications.contains(.post) ? .basic : .post
    }
}
