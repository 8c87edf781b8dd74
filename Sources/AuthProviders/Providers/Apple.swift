// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

extension OpenIDDefinition {
    /// Apple (https://developer.apple.com/documentation/signinwithapple).
    ///
    /// Its response is a form (`form_post`), which contains the name in its member `user` only the first time. The form
    /// comes through the browser, so nothing but the name is used.
    public static func apple(_ key: AppleKey) -> OpenIDDefinition {
        var apple = OpenIDDefinition(id: "apple", name: "Apple", issuer: AppleKey.audience) { answer, app in
            let claims = answer.claims
            let name = answer.parameters["user"].flatMap(Self.name(inForm:))
            var profile = Profile(
                uid: claims.text(app.uidField ?? "sub"), of: claims.setting("name", to: name))
            profile.add(email: claims["email"]?.string, verified: claims.flag("email_verified"))
            profile.setName(name?["firstName"]?.string, name?["lastName"]?.string)
            return profile
        }
        apple.configuration = OpenIDConfiguration(
            authorizationEndpoint: .constant("https://appleid.apple.com/auth/authorize"),
            tokenEndpoint: .constant("https://appleid.apple.com/auth/token"),
            keysEndpoint: .constant("https://appleid.apple.com/auth/keys"))
        apple.scope = ["name"]
        apple.authentication = .post
        apple.authorizationParameters = ["response_mode": "form_post"]
        apple.fetchesUserInfo = false
        // The nonce binds the response to the request; Apple does not document PKCE for services.
        apple.usesPKCE = false
        apple.makeSecret = { (app, now) async throws(SocialProviderError) -> ClientSecret in
            try await key.secret(for: app.clientID, now: now)
        }
        return apple
    }

    private static func name(inForm text: String) -> JSONValue? {
        guard text.utf8.count <= 4096,
            let user = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)),
            case .object(let name)? = user["name"]
        else { return nil }
        return .object(name.filter { ["firstName", "lastName"].contains($0.key) && $0.value.string != nil })
    }
}
