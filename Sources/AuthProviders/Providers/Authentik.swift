// SPDX-License-Identifier: Apache-2.0
public import Foundation

extension OpenIDDefinition {
    /// Authentik (https://docs.goauthentik.io/add-secure-apps/providers/oauth2/), with one issuer per application,
    /// which is its default; its issuers end with a slash.
    ///
    /// - Parameters:
    ///   - url: the server's URL.
    ///   - application: the application's slug.
    public static func authentik(url: URL, application: String) -> OpenIDDefinition {
        OpenIDDefinition(
            id: "authentik", name: "Authentik",
            issuer: url.appending(path: "application/o").appending(path: application).absoluteString + "/")
    }
}
