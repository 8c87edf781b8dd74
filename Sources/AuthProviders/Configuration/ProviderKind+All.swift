// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

extension ProviderKind {
    private static let ifVerified = "if `email_verified` is true"
    private static let none = "none"

    /// Every kind, in the order of the documentation. A new one needs a file in `Providers`, a line here and a fixture.
    static let all: [ProviderKind] = [
        ProviderKind("amazon", trust: none) { _ in .oauth2(.amazon()) },
        ProviderKind("apple", trust: ifVerified, settings: ["team_id", "key_id", "private_key"], apple),
        ProviderKind("auth0", trust: none, settings: ["domain"]) { entry in
            entry.host("domain").map { .openID(.auth0(domain: $0)) }
        },
        ProviderKind("authentik", trust: ifVerified, settings: ["url", "application"]) { entry in
            let (url, application) = (entry.requiredURL("url"), entry.requiredText("application"))
            guard let url, let application else { return nil }
            return .openID(.authentik(url: url, application: application))
        },
        ProviderKind("bitbucket_oauth2", trust: none) { _ in .oauth2(.bitbucket()) },
        ProviderKind("discord", trust: "if `verified` is true") { _ in .oauth2(.discord()) },
        ProviderKind("dropbox", trust: none) { _ in .oauth2(.dropbox()) },
        ProviderKind("facebook", trust: none) { _ in .oauth2(.facebook()) },
        ProviderKind(
            "github", trust: "if `verified` is true in the list of addresses",
            settings: ["url (Enterprise Server)"]
        ) { entry in
            .oauth2(.github(url: entry.url("url")))
        },
        ProviderKind("gitlab", trust: none, settings: ["url (own installation)"]) { entry in
            .oauth2(.gitlab(url: entry.url("url")))
        },
        ProviderKind("google", trust: ifVerified) { _ in .openID(.google()) },
        ProviderKind("keycloak", trust: ifVerified, settings: ["url", "realm"]) { entry in
            let (url, realm) = (entry.requiredURL("url"), entry.requiredText("realm"))
            guard let url, let realm else { return nil }
            return .openID(.keycloak(url: url, realm: realm))
        },
        ProviderKind("linkedin", trust: ifVerified) { _ in .openID(.linkedin()) },
        ProviderKind(
            "microsoft", trust: none, settings: ["tenant (`common`)", "login_url", "graph_url"]
        ) { entry in
            let tenant = entry.text("tenant") ?? "common"
            return .oauth2(
                .microsoft(tenant: tenant, login: entry.url("login_url"), graph: entry.url("graph_url")))
        },
        ProviderKind("oauth2", trust: "if `email_verified_field` is true", settings: OAuth2Entry.settings) {
            OAuth2Entry.definition(&$0).map(Definition.oauth2)
        },
        ProviderKind("okta", trust: ifVerified, settings: ["issuer"]) { entry in
            entry.requiredURL("issuer").map { .openID(.okta(issuer: $0.absoluteString)) }
        },
        ProviderKind("openid_connect", trust: ifVerified, settings: ["id", "issuer"]) { entry in
            let (id, issuer) = (entry.requiredText("id"), entry.requiredURL("issuer"))
            guard let id, let issuer else { return nil }
            return .openID(.issuer(issuer.absoluteString, id: id))
        },
        ProviderKind("reddit", trust: "sends no address") { _ in .oauth2(.reddit()) },
        ProviderKind("slack", trust: ifVerified) { _ in .openID(.slack()) },
        ProviderKind("spotify", trust: none) { _ in .oauth2(.spotify()) },
        ProviderKind("twitch", trust: none) { _ in .oauth2(.twitch()) },
        ProviderKind("twitter_oauth2", trust: "sends no address") { _ in .oauth2(.x()) },
        ProviderKind("yahoo", trust: ifVerified) { _ in .oauth2(.yahoo()) },
        ProviderKind("zoom", trust: "if `verified` is true") { _ in .oauth2(.zoom()) },
    ]

    private static let apple: @Sendable (inout ProviderEntry) -> Definition? = { entry in
        let team = entry.requiredText("team_id")
        let key = entry.requiredText("key_id")
        guard let privateKey = entry.secret("private_key") else {
            entry.fault("private_key is missing (or private_key_file)")
            return nil
        }
        guard let team, let key else { return nil }
        do throws(SocialProviderError) {
            return .openID(.apple(try AppleKey(teamID: team, keyID: key, privateKey: privateKey)))
        } catch {
            entry.fault("private_key is not a P-256 key in PEM format")
            return nil
        }
    }
}
