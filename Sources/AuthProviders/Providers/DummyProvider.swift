// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation

/// A provider that accepts any identity without a check: allauth's `dummy`, for development and tests.
///
/// It lets anyone log in as any user. `SOCIALACCOUNT_DUMMY` turns it on, which is refused if the installation uses
/// https.
///
/// The redirect leads to a page of this server with fields for `id`, `email` and `email_verified`, which sends the
/// browser to the callback with the entered values, as JSON, in `code`; or with `error=access_denied`.
public struct DummyProvider: SocialProvider {
    /// The path of the page, below `PUBLIC_URL`; the query contains `state` and `redirect_uri`.
    public static let authorizationPath = "/_allauth/dummy/authorize"

    private let publicURL: URL

    public init(publicURL: URL) { self.publicURL = publicURL }

    public var id: String { "dummy" }
    public var name: String { "Dummy" }
    public var clientID: String? { nil }
    public var ways: Set<SocialProviderWay> { [.redirect, .token] }
    public var discoveryURL: URL? { nil }
    public var policy: SocialProviderPolicy { SocialProviderPolicy() }

    public func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL {
        publicURL.appending(path: Self.authorizationPath).adding(query: [
            ("state", request.state), ("redirect_uri", request.redirectURI.absoluteString),
        ])
    }

    public func identity(
        for callback: AuthorizationCallback
    ) async throws(SocialProviderError) -> SocialIdentity {
        try identity(of: try AuthorizationCode.code(in: callback))
    }

    public func identity(for login: TokenLogin) async throws(SocialProviderError) -> SocialIdentity {
        guard let token = login.idToken else {
            throw SocialProviderError(.invalidToken, "the ID token is missing")
        }
        return try identity(of: token.exposedText)
    }

    /// - Parameter text: a JSON object: `{"id": "1", "email": "n@x.org", "email_verified": true}`.
    private func identity(of text: String) throws(SocialProviderError) -> SocialIdentity {
        // allauth's form requires an integer.
        guard let told = try? JSONValue.reading(Data(text.utf8)),
            let uid = told.text("id"), Int64(uid) != nil
        else { throw SocialProviderError(.invalidToken, "the text is not a JSON object with an integer id") }
        var profile = Profile(uid: uid, of: told)
        profile.add(email: told["email"]?.string, verified: told.flag("email_verified"))
        profile.username = told.text("username")
        profile.setName(told.text("first_name"), told.text("last_name"))
        return try profile.identity(provider: id, app: SocialApp(clientID: id), token: nil)
    }
}
