// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension OpenIDDefinition {
    /// Google (https://developers.google.com/identity/openid-connect/openid-connect).
    ///
    /// Phone apps get ID tokens whose audience is this service and whose authorized party is the app.
    public static func google() -> OpenIDDefinition {
        var google = OpenIDDefinition(
            id: "google", name: "Google", issuer: "https://accounts.google.com"
        ) { answer, app in
            let claims = answer.claims
            var profile = Profile(uid: claims.text(app.uidField ?? "sub"), of: claims)
            profile.add(email: claims["email"]?.string, verified: claims.flag("email_verified"))
            profile.setName(claims["given_name"]?.string, claims["family_name"]?.string)
            profile.name = claims["name"]?.string ?? profile.name
            return profile
        }
        google.fetchesUserInfo = false
        google.allowsOtherParties = true
        return google
    }
}
