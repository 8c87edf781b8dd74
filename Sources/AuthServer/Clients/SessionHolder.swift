// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

extension Request {
    /// The token in `X-Session-Token`; nil where there is none.
    var sessionToken: SessionToken? {
        guard let text = headers[.sessionToken], !text.isEmpty else { return nil }
        return SessionToken(text)
    }
}

/// How a kind of client holds its session: where its token is read from and how it is told of a new one.
struct SessionHolder: Sendable {
    let kind: ClientKind
    let accounts: Accounts
    let cookies: BrowserCookies
    let origins: TrustedOrigins

    init(_ kind: ClientKind, _ accounts: Accounts, _ configuration: AuthServerConfiguration) {
        self.kind = kind
        self.accounts = accounts
        let publicURL = accounts.settings.links.publicURL
        cookies = BrowserCookies(
            isSecure: publicURL.lowercased().hasPrefix("https://"), keys: accounts.keys,
            clock: accounts.clock,
            csrfName: configuration.csrfCookieName)
        origins = TrustedOrigins(publicURL: publicURL, others: configuration.csrfTrustedOrigins)
    }

    /// The token that a flow is to see.
    ///
    /// A browser's cookie that is none of ours counts as none: it is what a browser holds before any session,
    /// and what a session that has ended leaves behind. An app is told (410), for it keeps its token itself.
    func token(of request: Request) async throws -> SessionToken? {
        switch kind {
        case .app: return request.sessionToken
        case .browser:
            guard let held = cookies.token(request) else { return nil }
            if case .gone = try await accounts.sessions.current(Visit(token: held)) { return nil }
            return held
        }
    }

    /// Whether the request may change anything: a browser's must be its own page's doing.
    func isAllowed(_ request: Request) -> Bool {
        guard kind == .browser, ![.get, .head, .options].contains(request.method) else { return true }
        return origins.trusts(request.headers) && cookies.isProven(request)
    }

    /// Whether a form was sent by a page of ours to the browser that was shown it.
    ///
    /// - Parameter token: the CSRF token that the form carries.
    func isProven(_ request: Request, by token: String?) -> Bool {
        guard let held = cookies.token(request) else { return false }
        return origins.trusts(request.headers) && CSRFToken.isValid(token, for: held, accounts.keys)
    }

    /// The response, with what the client is to hold from now on.
    func response(_ answer: Answer, to request: Request) throws -> Response {
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
