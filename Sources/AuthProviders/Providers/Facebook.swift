// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Crypto
import Foundation

extension OAuth2Definition {
    /// Facebook (https://developers.facebook.com/docs/facebook-login/guides/advanced/manual-flow).
    ///
    /// An access token sent by an application is inspected (`debug_token`) before it is used; the ID tokens of
    /// Limited Login
    /// are accepted too. `verified` in a profile is not about its address.
    public static func facebook() -> OAuth2Definition {
        var facebook = OAuth2Definition(
            id: "facebook", name: "Facebook", authorize: "https://www.facebook.com/v19.0/dialog/oauth",
            token: "https://graph.facebook.com/v19.0/oauth/access_token",
            profile: "https://graph.facebook.com/v19.0/me"
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.add(email: answer.text("email"), verified: false)
            profile.username = answer.text("username")
            profile.setName(answer.text("first_name"), answer.text("last_name"))
            profile.name = answer.text("name") ?? profile.name
            return profile
        }
        facebook.emailScope = ["email"]
        facebook.scopeSeparator = ","
        facebook.fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            var query = [
                ("fields", "id,email,name,first_name,last_name,verified,locale,timezone,link,gender")
            ]
            if let secret = calls.app.secret {
                // Proves that the caller is the app, so that a stolen token alone is useless (appsecret_proof).
                let proof = HMAC<SHA256>.authenticationCode(
                    for: Data(calls.accessToken.exposedText.utf8),
                    using: SymmetricKey(data: Data(secret.exposedText.utf8)))
                query.append(("appsecret_proof", Hexadecimal.text(of: proof)))
            }
            return try await calls.get(.constant("https://graph.facebook.com/v19.0/me"), query: query)
        }
        facebook.audienceCheck = { (calls) async throws(SocialProviderError) in
            let app = TokenText("\(calls.app.clientID)|\(calls.app.secret?.exposedText ?? "")")
            let request = ProviderRequest.get(
                .constant("https://graph.facebook.com/v19.0/debug_token"),
                query: [("input_token", calls.accessToken.exposedText)])
            let data = try await calls.send(request.authorized(by: app)).successful().object()["data"]
            guard let data, data["is_valid"] == true, data.text("app_id") == calls.app.clientID else {
                throw SocialProviderError(.invalidToken, "the access token was not issued to this client")
            }
        }
        facebook.idTokens = IDTokenSource(
            issuer: "https://www.facebook.com",
            keysEndpoint: .constant("https://limited.facebook.com/.well-known/oauth/openid/jwks/")
        ) { claims in
            var profile: [String: JSONValue] = [:]
            for (claim, member) in [
                ("sub", "id"), ("email", "email"), ("given_name", "first_name"), ("family_name", "last_name"),
                ("name", "name"), ("user_link", "link"),
            ] {
                profile[member] = claims[claim]
            }
            return .object(profile)
        }
        return facebook
    }
}
