// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals

extension OpenIDDefinition {
    /// Auth0 (https://auth0.com/docs/api/authentication). Behind it can be any source of people, so that, as
    /// in allauth, its word on an address counts only where that is configured.
    ///
    /// - Parameter domain: `TENANT.eu.auth0.com`, or one's own; the issuer is that with a slash behind it.
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
