// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// The two cookies of a browser: the session's, which no script can read, and the CSRF token's, which a page
/// copies into `X-CSRFToken`.
///
/// A browser without a session gets a random session cookie too, one that is none in the store, so that its
/// CSRF token is of something of its own from the first request on.
struct BrowserCookies: Sendable {
    let isSecure: Bool
    let keys: KeyRing
    let clock: any WallClock

    /// The session cookie's name: with https `__Host-`, which other hosts of a domain cannot set (RFC 6265bis).
    var sessionName: String { isSecure ? "__Host-sessionid" : "sessionid" }
    /// The CSRF token's cookie: `CSRF_COOKIE_NAME`.
    let csrfName: String

    /// Whether a text can be the name of the CSRF token's cookie; the session's has its own.
    static func isCookieName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !["sessionid", "__Host-sessionid"].contains(text)
            && text.utf8.allSatisfy(cookieNameBytes.contains)
    }

    private static let cookieNameBytes = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".utf8)

    /// The token that the browser holds, in the store or not.
    func token(_ request: Request) -> SessionToken? {
        guard let value = request.cookies[sessionName]?.value, (20...200).contains(value.utf8.count),
            value.utf8.allSatisfy({ $0 < 0x80 })
        else { return nil }
        return SessionToken(value)
    }

    /// Whether the request shows the CSRF token of its session cookie.
    func isProven(_ request: Request) -> Bool {
        guard let token = token(request) else { return false }
        return CSRFToken.isValid(request.headers[.csrfToken], for: token, keys)
    }

    /// What a change means for a browser, which always holds a session token, and the token that it holds then.
    func resolved(
        _ change: Answer.SessionChange, held: SessionToken?
    ) -> (change: Answer.SessionChange, token: SessionToken) {
        switch (change, held) {
        case (.opened(let token, _), _): return (change, token)
        case (.unchanged, let held?): return (change, held)
        case (.unchanged, nil), (.ended, _):
            let token = SessionToken.random()
            return (.opened(token, expiresAt: nil), token)
        }
    }

    /// Sets what the browser lacks after this answer.
    func apply(
        _ change: Answer.SessionChange, held: SessionToken?, _ request: Request, to response: inout Response
    ) {
        switch change {
        case .opened(let token, let expiresAt): set(token, expiresAt: expiresAt, &response)
        case .ended: set(.random(), expiresAt: nil, &response)
        case .unchanged:
            guard let held else { return set(.random(), expiresAt: nil, &response) }
            if !CSRFToken.isValid(request.cookies[csrfName]?.value, for: held, keys) {
                response.setCookie(csrf(for: held, maxAge: nil))
            }
        }
    }

    private func set(_ token: SessionToken, expiresAt: Date?, _ response: inout Response) {
        let maxAge = expiresAt.map { max(1, Int(saturating: $0.timeIntervalSince(clock.now()))) }
        response.setCookie(
            Cookie(
                name: sessionName, value: token.exposedText, maxAge: maxAge, path: "/", secure: isSecure,
                httpOnly: true, sameSite: .lax))
        response.setCookie(csrf(for: token, maxAge: maxAge))
    }

    private func csrf(for token: SessionToken, maxAge: Int?) -> Cookie {
        Cookie(
            name: csrfName, value: CSRFToken.text(for: token, keys), maxAge: maxAge, path: "/",
            secure: isSecure, httpOnly: false, sameSite: .lax)
    }
}
