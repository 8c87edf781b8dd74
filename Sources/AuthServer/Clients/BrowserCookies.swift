// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// The two cookies of a browser: the session cookie, which scripts cannot read, and the CSRF cookie, whose value a page
/// copies into `X-CSRFToken`.
///
/// A browser without a session gets a random session cookie that is not in the store, so that its CSRF token is bound
/// to a secret of its own from the first request on.
struct BrowserCookies: Sendable {
    let isSecure: Bool
    let keys: KeyRing
    let clock: any WallClock

    /// The session cookie's name; with https it has the prefix `__Host-`, so that other hosts of the domain cannot set
    /// it (RFC 6265bis).
    var sessionName: String { isSecure ? "__Host-sessionid" : "sessionid" }
    /// The CSRF cookie's name: `CSRF_COOKIE_NAME`.
    let csrfName: String

    /// Whether the text is a valid name for the CSRF cookie; the session cookie's names are not.
    static func isCookieName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !["sessionid", "__Host-sessionid"].contains(text)
            && text.utf8.allSatisfy(cookieNameBytes.contains)
    }

    private static let cookieNameBytes = Set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_".utf8)

    /// The token in the browser's session cookie, whether it is in the store or not.
    func token(_ request: Request) -> SessionToken? {
        guard let value = request.cookies[sessionName]?.value, (20...200).contains(value.utf8.count),
            value.utf8.allSatisfy({ $0 < 0x80 })
        else { return nil }
        return SessionToken(value)
    }

    /// Whether the request has the CSRF token of its session cookie.
    func isProven(_ request: Request) -> Bool {
        guard let token = token(request) else { return false }
        return CSRFToken.isValid(request.headers[.csrfToken], for: token, keys)
    }

    /// The change for a browser, which always has a session token, and the token that it has afterwards.
    func resolved(
        _ change: APIResponse.SessionChange, held: SessionToken?
    ) -> (change: APIResponse.SessionChange, token: SessionToken) {
        switch (change, held) {
        case (.opened(let token, _), _): return (change, token)
        case (.unchanged, let held?): return (change, held)
        case (.unchanged, nil), (.ended, _):
            let token = SessionToken.random()
            return (.opened(token, expiresAt: nil), token)
        }
    }

    /// Sets the cookies that the browser needs after this response.
    func apply(
        _ change: APIResponse.SessionChange, held: SessionToken?, _ request: Request,
        to response: inout Response
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
