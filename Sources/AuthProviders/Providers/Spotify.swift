// SPDX-License-Identifier: Apache-2.0

extension OAuth2Definition {
    /// Spotify (https://developer.spotify.com/documentation/web-api/reference/get-current-users-profile),
    /// which documents that its addresses are not verified.
    public static func spotify() -> OAuth2Definition {
        var spotify = OAuth2Definition(
            id: "spotify", name: "Spotify", authorize: "https://accounts.spotify.com/authorize",
            token: "https://accounts.spotify.com/api/token", profile: "https://api.spotify.com/v1/me"
        ) { answer in
            var profile = Profile(uid: answer.text("id"), of: answer)
            profile.email = answer.text("email")
            profile.name = answer.text("display_name")
            return profile
        }
        spotify.emailScope = ["user-read-email"]
        return spotify
    }
}
