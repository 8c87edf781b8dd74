// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals

extension OpenIDDefinition {
    /// Auth0 (https://auth0.com/docs/api/authentication). Its users can come from any source, so its addresses count as
    /// verified only if that is configured, as in allauth.
    ///
    /// - Parameter domain: `TENANT.eu.auth0.com`, or a custom domain; the issuer is the domain with a slash at its end.
    public static func auth0(domain: String) -> OpenIDDefinition {
        var auth0 = OpenIDDefinition(
            id: "auth0", name: "Auth0", issuer: "https://\(domain)/"
        ) { answer, app in
            let told = answer.userInfo ?? answer.claims
            var profile = Profile(uid: told.text(app.uidField ?? "sub"), of: told)
            profile.email = told["email"]?.string
            profile.username = told["username"]?.string
            profile.name = told["name"]?.string
            return profile
        }
        auth0.ways = [.redirect]
        return auth0
    }
}
