// SPDX-License-Identifier: Apache-2.0

extension OAuth2Definition {
    /// Reddit (https://github.com/reddit-archive/reddit/wiki/OAuth2); it sends no address, and its usernames are never
    /// reused.
    public static func reddit() -> OAuth2Definition {
        var reddit = OAuth2Definition(
            id: "reddit", name: "Reddit", authorize: "https://www.reddit.com/api/v1/authorize",
            token: "https://www.reddit.com/api/v1/access_token", profile: "https://oauth.reddit.com/api/v1/me"
        ) { answer in
            var profile = Profile(uid: answer.text("name"), of: answer)
            profile.username = answer.text("name")
            return profile
        }
        reddit.scope = ["identity"]
        reddit.authentication = .basic
        return reddit
    }
}
