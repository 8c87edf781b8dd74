// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation

extension OAuth2Definition {
    /// Bitbucket Cloud (https://developer.atlassian.com/cloud/bitbucket/rest/api-group-users/): the address is
    /// fetched with
    /// a second call.
    ///
    /// Accounts are stored under allauth's id, `bitbucket_oauth2`, and by `account_id`, as in allauth since 65.19.6: a
    /// username can be released and taken by another person.
    public static func bitbucket() -> OAuth2Definition {
        var bitbucket = OAuth2Definition(
            id: "bitbucket_oauth2", name: "Bitbucket",
            authorize: "https://bitbucket.org/site/oauth2/authorize",
            token: "https://bitbucket.org/site/oauth2/access_token",
            profile: "https://api.bitbucket.org/2.0/user"
        ) { answer in
            var profile = Profile(uid: answer.text("account_id"), of: answer)
            profile.email = answer.text("email")
            profile.username = answer.text("username")
            profile.name = answer.text("display_name")
            return profile
        }
        bitbucket.fetch = { (calls) async throws(SocialProviderError) -> JSONValue in
            let user = try await calls.get(.constant("https://api.bitbucket.org/2.0/user"))
            guard calls.app.queriesEmail,
                let answer = try await calls.getIfThere(
                    .constant("https://api.bitbucket.org/2.0/user/emails"))
            else { return user }
            let addresses = answer["values"]?.elements ?? []
            let address = addresses.first { $0.flag("is_primary") } ?? addresses.first
            guard let email = address?.text("email") else { return user }
            return user.setting("email", to: .string(email))
        }
        return bitbucket
    }
}
