// SPDX-License-Identifier: Apache-2.0

extension OAuth2Definition {
    /// Discord (https://discord.com/developers/docs/resources/user).
    public static func discord() -> OAuth2Definition {
        var discord = OAuth2Definition(
            id: "discord", name: "Discord", authorize: "https://discord.com/api/oauth2/authorize",
            token: "https://discord.com/api/oauth2/token", profile: "https://discord.com/api/users/@me"
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.add(email: answer.text("email"), verified: answer.flag("verified"))
            profile.username = answer.text("username")
            profile.name = answer.text("global_name") ?? answer.text("username")
            return profile
        }
        discord.scope = ["identify"]
        discord.emailScope = ["email"]
        return discord
    }
}
