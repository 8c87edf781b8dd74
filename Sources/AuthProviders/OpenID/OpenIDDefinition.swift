// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation

/// An OpenID Connect provider as data.
///
/// ```swift
/// let google = OpenIDProvider(.google(), app: SocialApp(clientID: id, secret: secret), http: client)
/// let ours = OpenIDProvider(.issuer("https://id.example.org", id: "example"), app: app, http: client)
/// ```
public struct OpenIDDefinition: Sendable {
    public var id: String
    public var name: String
    /// Exactly as in the provider's ID tokens and its discovery document.
    public var issuer: String
    /// The end-points; nil for those of the discovery document.
    public var configuration: OpenIDConfiguration?
    /// Members that replace those of the discovery document: allauth's `openid_configuration_overrides`. If they
    /// contain an
    /// `issuer`, ID tokens must be from that issuer.
    public var configurationOverrides: [String: JSONValue] = [:]
    public var ways: Set<SocialProviderWay> = [.redirect, .token]
    public var scope = ["openid", "profile"]
    /// Further scopes that are requested if addresses are wanted.
    public var emailScope = ["email"]
    /// Whether the userinfo end-point is used, which often returns more claims than the ID token.
    public var fetchesUserInfo = true
    /// How the client authenticates; nil for a method that the provider supports.
    public var authentication: ClientAuthentication?
    public var usesPKCE = true
    /// False if the provider does not put the nonce into its ID tokens.
    public var sendsNonce = true
    /// See `IDTokenVerifier.allowsOtherParties`.
    public var allowsOtherParties = false
    public var authorizationParameters: [String: String] = [:]
    /// Creates the client secret for one request; nil if the configured one is used.
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

    /// Any OpenID Connect provider: allauth's `openid_connect`.
    ///
    /// - Parameters:
    ///   - issuer: exactly as the provider writes it, with or without a slash at its end.
    ///   - id: the provider id that accounts are stored under.
    ///   - name: the name that users see; by default the id.
    public static func issuer(_ issuer: String, id: String, name: String? = nil) -> OpenIDDefinition {
        OpenIDDefinition(id: id, name: name ?? id, issuer: issuer)
    }

    /// allauth's mapping for `openid_connect`: the standard claims, from userinfo if available.
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

/// The data of a person from an OpenID Connect provider.
public struct OpenIDAnswer: Sendable {
    /// The claims of the ID token.
    public var claims: JSONValue
    /// The userinfo of the same person; nil if it was not fetched.
    public var userInfo: JSONValue?
    /// Whether an application sent the token.
    public var isBrought = false
    /// The parameters of the callback, such as `user` from Apple.
    public var parameters: [String: String] = [:]

    /// The data that is stored, as in allauth: claims and userinfo by name, or only the claims of a token sent by an
    /// application.
    public var extraData: JSONValue {
        if isBrought { return claims }
        var members = ["id_token": claims]
        members["userinfo"] = userInfo
        return .object(members)
    }
}
