// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals

extension OpenIDDefinition {
    /// Slack (https://docs.slack.dev/authentication/sign-in-with-slack): a user belongs to a workspace, so the id
    /// consists of both ids.
    public static func slack() -> OpenIDDefinition {
        var slack = OpenIDDefinition(id: "slack", name: "Slack", issuer: "https://slack.com") { answer, app in
            let told = answer.userInfo ?? answer.claims
            let team = told.text("https://slack.com/team_id") ?? told["team"]?.text("id")
            let user = told.text("https://slack.com/user_id") ?? told["user"]?.text("id")
            var uid: String?
            if let team, let user { uid = "\(team)_\(user)" }
            if let field = app.uidField { uid = told.text(field) }
            var profile = Profile(uid: uid, of: told)
            profile.add(email: told["email"]?.string, verified: told.flag("email_verified"))
            profile.name = told["name"]?.string ?? told["user"]?.text("name")
            return profile
        }
        slack.ways = [.redirect]
        // The nonce binds the response to the request; Slack supports PKCE only for public clients.
        slack.usesPKCE = false
        return slack
    }
}
