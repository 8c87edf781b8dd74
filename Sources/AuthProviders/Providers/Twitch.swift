// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

extension OAuth2Definition {
    /// Twitch (https://dev.twitch.tv/docs/api/reference#get-users).
    public static func twitch() -> OAuth2Definition {
        var twitch = OAuth2Definition(
            id: "twitch", name: "Twitch", authorize: "https://id.twitch.tv/oauth2/authorize",
            token: "https://id.twitch.tv/oauth2/token", profile: "https://api.twitch.tv/helix/users"
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.email = answer.text("email")
            profile.username = answer.text("login")
            profile.name = answer.text("display_name")
            return profile
        }
        twitch.emailScope = ["user:read:email"]
        twitch.headers = { ["Client-Id": $0.clientID] }
        twitch.fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            let answer = try await calls.get(.constant("https://api.twitch.tv/helix/users"))
            guard let user = answer["data"]?.elements.first else {
                throw SocialProviderError(.unknown, "Twitch's response has no profile")
            }
            return user
        }
        return twitch
    }
}
