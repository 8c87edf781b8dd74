// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

extension OAuth2Definition {
    /// Dropbox
    /// (https://www.dropbox.com/developers/documentation/http/documentation#users-get_current_account),
    /// whose profile is fetched with POST.
    public static func dropbox() -> OAuth2Definition {
        var dropbox = OAuth2Definition(
            id: "dropbox", name: "Dropbox", authorize: "https://www.dropbox.com/oauth2/authorize",
            token: "https://api.dropbox.com/oauth2/token",
            profile: "https://api.dropbox.com/2/users/get_current_account"
        ) { answer in
            var profile = Profile(uid: answer.text("account_id"), of: answer)
            profile.email = answer.text("email")
            profile.name = answer["name"]?.text("display_name")
            return profile
        }
        dropbox.fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            try await calls.post(.constant("https://api.dropbox.com/2/users/get_current_account"))
        }
        return dropbox
    }
}
