// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
public import Foundation

extension OAuth2Definition {
    /// GitHub (https://docs.github.com/en/rest/users/emails): addresses are fetched with a second call, each with its
    /// flags
    /// `verified` and `primary`.
    ///
    /// - Parameter url: the URL of a GitHub Enterprise Server installation; nil for github.com.
    public static func github(url: URL? = nil) -> OAuth2Definition {
        let web = url ?? .constant("https://github.com")
        let api = url?.appending(path: "api/v3") ?? .constant("https://api.github.com")
        var github = OAuth2Definition(
            id: "github", name: "GitHub",
            authorizationEndpoint: web.appending(path: "login/oauth/authorize"),
            tokenEndpoint: web.appending(path: "login/oauth/access_token"),
            profileEndpoint: api.appending(path: "user")
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer.removing("emails"))
            profile.email = answer.text("email")
            for address in answer["emails"]?.elements ?? [] {
                profile.add(
                    email: address.text("email"), verified: address.flag("verified"),
                    primary: address.flag("primary"))
            }
            profile.username = answer.text("login")
            profile.name = answer.text("name")
            return profile
        }
        github.emailScope = ["user:email"]
        github.fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            let user = try await calls.get(api.appending(path: "user"))
            guard calls.app.queriesEmail else { return user }
            return user.setting("emails", to: try await calls.getIfThere(api.appending(path: "user/emails")))
        }
        return github
    }
}
