// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

extension OAuth2Definition {
    /// X (https://docs.x.com/resources/fundamentals/authentication/oauth-2-0/authorization-code); it sends no address.
    /// Accounts are stored under allauth's id, `twitter_oauth2`.
    public static func x() -> OAuth2Definition {
        var x = OAuth2Definition(
            id: "twitter_oauth2", name: "X", authorize: "https://x.com/i/oauth2/authorize",
            token: "https://api.x.com/2/oauth2/token", profile: "https://api.x.com/2/users/me"
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.username = answer.text("username")
            profile.name = answer.text("name")
            return profile
        }
        x.scope = ["users.read", "tweet.read"]
        x.authentication = .basic
        x.fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            let answer = try await calls.get(
                .constant("https://api.x.com/2/users/me"),
                query: [("user.fields", "id,name,username,verified,profile_image_url,created_at")])
            guard let data = answer["data"] else {
                throw SocialProviderError(.unknown, "X's response has no profile")
            }
            return data
        }
        return x
    }
}
