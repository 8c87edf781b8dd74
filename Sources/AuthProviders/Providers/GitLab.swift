// SPDX-License-Identifier: Apache-2.0
public import Foundation

extension OAuth2Definition {
    /// GitLab (https://docs.gitlab.com/api/users/).
    ///
    /// - Parameter url: the URL of a self-managed installation; nil for gitlab.com.
    public static func gitlab(url: URL? = nil) -> OAuth2Definition {
        let url = url ?? .constant("https://gitlab.com")
        var gitlab = OAuth2Definition(
            id: "gitlab", name: "GitLab", authorizationEndpoint: url.appending(path: "oauth/authorize"),
            tokenEndpoint: url.appending(path: "oauth/token"),
            profileEndpoint: url.appending(path: "api/v4/user")
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.email = answer.text("email")
            profile.username = answer.text("username")
            profile.name = answer.text("name")
            return profile
        }
        gitlab.scope = ["read_user"]
        return gitlab
    }
}
