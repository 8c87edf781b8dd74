// SPDX-License-Identifier: Apache-2.0
import AuthSignals

extension OAuth2Definition {
    /// Zoom (https://developers.zoom.us/docs/api/users/#tag/users/get/users/{userId}), whose `verified` is 1 if the
    /// address is confirmed.
    public static func zoom() -> OAuth2Definition {
        OAuth2Definition(
            id: "zoom", name: "Zoom", authorize: "https://zoom.us/oauth/authorize",
            token: "https://zoom.us/oauth/token", profile: "https://api.zoom.us/v2/users/me"
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.add(
                email: answer.text("email"), verified: answer["verified"] == 1 || answer.flag("verified"))
            profile.setName(answer.text("first_name"), answer.text("last_name"))
            return profile
        }
    }
}
