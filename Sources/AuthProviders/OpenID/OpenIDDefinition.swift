// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// A provider of OpenID Connect as data.
///
/// ```swift
/// let google = OpenIDProvider(.google(), app: SocialApp(clientID: id, secret: secret), http: client)
/// let ours = OpenIDProvider(.issuer("https://id.example.org", id: "example"), app: app, http: client)
/// ```
public struct OpenIDDefinition: Sendable {
    public var id: String
    public var name: String
    /// Exactly as the provider's ID tokens and its discovery document have it.
    public var issuer: String
    /// Where it lives; nil: what discovery says.
    public var configuration: OpenIDConfiguration?
    /// Members that replace those of the discovery document: allauth's `openid_configuration_overrides`. With
    /// an `issuer`, ID tokens must be of that one.
    public var configurationOverrides: [String: JSONValue] = [:]
    public var ways: Set<SocialProviderWay> = [.redirect, .token]
    public var scope = ["openid", "profile"]
    /// Asked for beside it, where addresses are wanted.
    public var emailScope = ["email"]
    /// Whether the userinfo end-point is asked, which often tells more than the ID token.
    public var fetchesUserInfo = true
    /// How the client proves itself; nil: as the provider says it can.
    public var authentication: ClientAuthentication?
    public var usesPKCE = true
    /// False where the provider does not put the nonce into its ID tokens.
    public var sendsNonce = true
    /// See ``IDTokenVerifier/allowsOtherParties``.
    public var allowsOtherParties = false
    public var authorizationParameters: [String: String] = [:]
    /// Makes the secret for one request; nil: the configured one is it.
    public var makeSecret: (@Sendable (SocialApp, Date) async throws(SocialProviderError) -> ClientSecret)?
    public var profile: @Sendable (OpenIDAnswer, SocialApp) -> Profile

    public init(
        id: String, name: String, issuer: String,
        profile: @escaping @Sendable (OpenIDAnswer, SocialApp) -> Profile = OpenIDDefinition.standardProfile
    ) {
        self.id = id
        self.name = name
        self.issuer = issuer
        self.profile = profile
    }

    /// Any provider of OpenID Connect: allauth's `openid_connect`.
    ///
    /// - Parameters:
    ///   - issuer: exactly as the provider writes it, with or without a slash at its end.
    ///   - id: what accounts are stored under.
    public static func issuer(_ issuer: String, id: String, name: String? = nil) -> OpenIDDefinition {
        OpenIDDefinition(id: id, name: name ?? id, issuer: issuer)
    }

    /// allauth's mapping of `openid_connect`: the standard claims, from userinfo where there is one.
    public static let standardProfile: @Sendable (OpenIDAnswer, SocialApp) -> Profile = { answer, app in
        let claims = answer.userInfo ?? answer.claims
        var profile = Profile(uid: claims.text(app.uidField ?? "sub"), of: answer.extraData)
        profile.add(email: claims["email"]?.string, verified: claims.flag("email_verified"))
        profile.username = claims["preferred_username"]?.string
        profile.name = claims["name"]?.string
        if profile.name == nil {
            profile.setName(claims["given_name"]?.string, claims["family_name"]?.string)
        }
        return profile
    }
}

/// What a provider of OpenID Connect told of a person.
public struct OpenIDAnswer: Sendable {
    /// The ID token's.
    public var claims: JSONValue
    /// Of the same person; nil where it was not asked.
    public var userInfo: JSONValue?
    /// Whether the token was brought by an application.
    public var isBrought = false
    /// What came beside the code: `user`, from Apple.
    public var parameters: [String: String] = [:]

    /// What allauth keeps: both under their names, or the claims of a token that was brought.
    public var extraData: JSONValue {
        if isBrought { return claims }
        var members = ["id_token": claims]
        members["userinfo"] = userInfo
        return .object(members)
    }
}
