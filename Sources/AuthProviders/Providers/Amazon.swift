// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension OAuth2Definition {
    /// Amazon (https://developer.amazon.com/docs/login-with-amazon/obtain-customer-profile.html).
    public static func amazon() -> OAuth2Definition {
        var amazon = OAuth2Definition(
            id: "amazon", name: "Amazon", authorize: "https://www.amazon.com/ap/oa",
            token: "https://api.amazon.com/auth/o2/token", profile: "https://api.amazon.com/user/profile"
        ) { answer in
            var profile = Profile(uid: answer.text("user_id"), of: answer)
            profile.email = answer.text("email")
            profile.name = answer.text("name")
            return profile
        }
        amazon.scope = ["profile"]
        return amazon
    }
}
