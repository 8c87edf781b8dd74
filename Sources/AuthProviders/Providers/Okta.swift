// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals

extension OpenIDDefinition {
    /// Okta (https://developer.okta.com/docs/api/openapi/okta-oauth/guides/overview/).
    ///
    /// - Parameter issuer: `https://DOMAIN`, or a custom authorization server's
    ///   `https://DOMAIN/oauth2/default`.
    public static func okta(issuer: String) -> OpenIDDefinition {
        var okta = OpenIDDefinition(id: "okta", name: "Okta", issuer: issuer) { answer, app in
            let told = answer.userInfo ?? answer.claims
            var profile = Profile(uid: told.text(app.uidField ?? "sub"), of: told)
            profile.add(email: told["email"]?.string, verified: told.flag("email_verified"))
            profile.username = told["preferred_username"]?.string?.split(separator: "@").first.map(
                String.init)
            profile.setName(told["given_name"]?.string, told["family_name"]?.string)
            return profile
        }
        okta.ways = [.redirect]
        return okta
    }
}
