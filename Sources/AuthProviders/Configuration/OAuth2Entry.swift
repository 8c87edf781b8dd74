// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// The kind `oauth2`: any provider whose profile is one JSON object.
enum OAuth2Entry {
    static let settings = [
        "id", "authorization_endpoint", "token_endpoint", "profile_endpoint", "uid_field (`id`)",
        "email_field (`email`)", "email_verified_field", "username_field (`username`)", "name_field (`name`)",
    ]

    static func definition(_ entry: inout ProviderEntry) -> OAuth2Definition? {
        let id = entry.requiredText("id")
        let authorization = entry.requiredURL("authorization_endpoint")
        let token = entry.requiredURL("token_endpoint")
        let profile = entry.requiredURL("profile_endpoint")
        let email = entry.text("email_field") ?? "email"
        let verified = entry.text("email_verified_field")
        let username = entry.text("username_field") ?? "username"
        let name = entry.text("name_field") ?? "name"
        guard let id, let authorization, let token, let profile else { return nil }
        return OAuth2Definition(
            id: id, name: id, authorizationEndpoint: authorization, tokenEndpoint: token,
            profileEndpoint: profile
        ) { answer in
            // `uid_field` replaces this id if it is set.
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.add(email: answer.text(email), verified: verified.map(answer.flag) ?? false)
            profile.username = answer.text(username)
            profile.name = answer.text(name)
            return profile
        }
    }
}
