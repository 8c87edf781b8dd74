// SPDX-License-Identifier: Apache-2.0
public import Foundation

extension OpenIDDefinition {
    /// Keycloak (https://www.keycloak.org/securing-apps/oidc-layers).
    ///
    /// - Parameters:
    ///   - url: the server's URL, with its path if one is configured.
    ///   - realm: the realm's name in URLs.
    public static func keycloak(url: URL, realm: String) -> OpenIDDefinition {
        OpenIDDefinition(
            id: "keycloak", name: "Keycloak",
            issuer: url.appending(path: "realms").appending(path: realm).absoluteString)
    }
}
