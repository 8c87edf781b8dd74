// SPDX-License-Identifier: Apache-2.0

extension OAuth2Definition {
    /// Yahoo (https://developer.yahoo.com/sign-in-with-yahoo/).
    public static func yahoo() -> OAuth2Definition {
        var yahoo = OAuth2Definition(
            id: "yahoo", name: "Yahoo", authorize: "https://api.login.yahoo.com/oauth2/request_auth",
            token: "https://api.login.yahoo.com/oauth2/get_token",
            profile: "https://api.login.yahoo.com/openid/v1/userinfo"
        ) { answer in
            var profile = Profile(uid: answer.text("sub"), of: answer)
            profile.add(email: answer.text("email"), verified: answer.flag("email_verified"))
            profile.setName(answer.text("given_name"), answer.text("family_name"))
            profile.name = answer.text("name") ?? profile.name
            return profile
        }
        yahoo.scope = ["profile"]
        yahoo.emailScope = ["email"]
        return yahoo
    }
}
