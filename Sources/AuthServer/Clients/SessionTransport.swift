// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

extension Request {
    /// The token in `X-Session-Token`; nil if the header is missing or empty.
    var sessionToken: SessionToken? {
        guard let text = headers[.sessionToken], !text.isEmpty else { return nil }
        return SessionToken(text)
    }
}

/// How the session token is transported for one kind of client: read from the request and written to the response.
struct SessionTransport: Sendable {
    let kind: ClientKind
    let accounts: Accounts
    let cookies: BrowserCookies
    let origins: TrustedOrigins

    init(_ kind: ClientKind, _ accounts: Accounts, _ settings: AuthServerSettings) {
        self.kind = kind
        self.accounts = accounts
        let publicURL = accounts.settings.links.publicURL
        cookies = BrowserCookies(
            isSecure: publicURL.lowercased().hasPrefix("https://"), keys: accounts.keys,
            clock: accounts.clock,
            csrfName: settings.csrfCookieName)
        origins = TrustedOrigins(publicURL: publicURL, others: settings.csrfTrustedOrigins)
    }

    /// The token that is passed to the flow.
    ///
    /// A browser's cookie without a session in the store counts as no token: a browser has such a cookie before its
    /// first session and after a session has ended. An app gets 410 instead, since it stores its token itself.
    func token(of request: Request) async throws -> SessionToken? {
        switch kind {
        case .app: return request.sessionToken
        case .browser:
            guard let held = cookies.token(request) else { return nil }
            if case .gone = try await accounts.sessions.current(FlowContext(token: held)) { return nil }
            return held
        }
    }

    /// The token of a browser as ``token(of:)`` returns it, and the user who is logged in.
    func holder(of request: Request) async throws -> (token: SessionToken?, user: User?) {
        guard let held = cookies.token(request) else { return (nil, nil) }
        switch try await accounts.sessions.current(FlowContext(token: held)) {
        case .gone: return (nil, nil)
        case .success(let authentication): return (held, authentication.user)
        default: return (held, nil)
        }
    }

    /// Whether the request may change something: a browser's request must come from a trusted page.
    func isAllowed(_ request: Request) -> Bool {
        guard kind == .browser, ![.get, .head, .options].contains(request.method) else { return true }
        return origins.trusts(request.headers) && cookies.isProven(request)
    }

    /// Whether a form was sent from one of our pages, by the browser for which the page was rendered.
    ///
    /// - Parameter token: the CSRF token in the form.
    func isProven(_ request: Request, by token: String?) -> Bool {
        guard let held = cookies.token(request) else { return false }
        return origins.trusts(request.headers) && CSRFToken.isValid(token, for: held, accounts.keys)
    }

    /// The response, including a new session token for the client.
    func response(_ answer: APIResponse, to request: Request) throws -> Response {
        switch kind {
        case .app:
            var answer = answer
            if case .opened(let token, _) = answer.session {
                answer.meta?["session_token"] = .string(token.exposedText)
            }
            return try answer.response()
        case .browser:
            let held = cookies.token(request)
            let (change, token) = cookies.resolved(answer.session, held: held)
            var answer = answer
            if answer.showsCSRFToken {
                answer.meta = ["csrf_token": .string(CSRFToken.text(for: token, accounts.keys))]
            }
            var response = try answer.response()
            cookies.apply(change, held: held, request, to: &response)
            response.headers[.vary] = "Cookie"
            return response
        }
    }
}
