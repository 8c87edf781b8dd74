// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// The two steps of the authorization code grant (RFC 6749, section 4.1), shared by all providers.
struct AuthorizationCode {
    let app: SocialApp
    let http: any ProviderHTTP
    let usesPKCE: Bool

    /// The URL that the browser is sent to; `further` replaces members of the same name.
    func url(
        _ endpoint: URL, _ request: AuthorizationRequest, scope: String, further: [String: String]
    ) -> URL {
        var members = [
            ("response_type", "code"), ("client_id", app.clientID),
            ("redirect_uri", request.redirectURI.absoluteString), ("state", request.state),
        ]
        if !scope.isEmpty { members.append(("scope", scope)) }
        if usesPKCE {
            members += [("code_challenge", request.codeChallenge), ("code_challenge_method", "S256")]
        }
        // The configuration must not replace the members that bind the response to the session.
        let fixed = Set(members.map(\.0)).subtracting(["scope"])
        let further = further.filter { !fixed.contains($0.key) }
        members.removeAll { further[$0.0] != nil }
        members += further.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return endpoint.adding(query: members)
    }

    /// The code in the callback.
    ///
    /// - Throws: ``SocialProviderError`` with code ``SocialProviderError/Code/cancelled`` if the user cancelled,
    ///   ``SocialProviderError/Code/unknown`` if the callback has no code for another reason.
    static func code(in callback: AuthorizationCallback) throws(SocialProviderError) -> String {
        if let error = callback.parameters["error"] {
            guard !cancellations.contains(error) else {
                throw SocialProviderError(.cancelled, "the user cancelled at the provider")
            }
            throw SocialProviderError(.unknown, "the provider sent an error\(known(error))")
        }
        guard let code = callback.parameters["code"], !code.isEmpty, code.utf8.count <= 8192 else {
            throw SocialProviderError(.unknown, "the callback has no code")
        }
        return code
    }

    /// Exchanges the code for tokens.
    func redeem(
        _ callback: AuthorizationCallback, at endpoint: URL, by authentication: ClientAuthentication,
        secret: ClientSecret?, headers: [String: String], allowsPlainHTTP: Bool, now: Date
    ) async throws(SocialProviderError) -> TokenAnswer {
        var form = [
            ("grant_type", "authorization_code"), ("code", try Self.code(in: callback)),
            ("redirect_uri", callback.redirectURI.absoluteString),
        ]
        if usesPKCE { form.append(("code_verifier", callback.codeVerifier)) }
        var request = authentication.request(
            to: endpoint, form: form, clientID: app.clientID, secret: secret)
        request.allowsPlainHTTP = allowsPlainHTTP
        request.headers.merge(headers) { $1 }
        return try TokenAnswer(try await http.send(request), now: now)
    }

    /// RFC 6749, section 4.1.2.1, and the codes that Apple and LinkedIn send instead.
    private static let cancellations: Set = [
        "access_denied", "user_cancelled_authorize", "user_cancelled_login",
    ]

    /// An error code of the standards, for the log. Other values are not quoted, because the browser can send anything.
    static func known(_ error: String?) -> String {
        guard let error, errors.contains(error) else { return "" }
        return ": \(error)"
    }

    private static let errors: Set = [
        "invalid_request", "unauthorized_client", "unsupported_response_type", "invalid_scope",
        "server_error", "temporarily_unavailable", "invalid_client", "invalid_grant",
        "unsupported_grant_type", "interaction_required", "login_required", "account_selection_required",
        "consent_required",
    ]
}
