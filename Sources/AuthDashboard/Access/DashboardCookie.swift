// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Hummingbird

/// The dashboard's cookie, which proves a log-in with `DASHBOARD_TOKEN`, and the CSRF token that is bound to it.
///
/// The cookie holds its expiry, a random number and an HMAC of both and the token: changing `DASHBOARD_TOKEN` or
/// `SECRET_KEY` ends all log-ins, and the cookie does not reveal the token. A dashboard without a token uses the cookie,
/// too, for its CSRF token.
struct DashboardCookie: Sendable {
    static let name = "dashboardid"
    /// How long a log-in is valid, in seconds: 12 hours.
    private static let lifetime = 43_200

    let keys: KeyRing
    let token: DashboardToken?
    /// Whether browsers reach the server with https.
    let isSecure: Bool

    /// A new cookie's value.
    func issue(at now: Date) -> String {
        let expiry = String(Int(saturating: now.timeIntervalSince1970) + Self.lifetime)
        let nonce = SessionToken.random().exposedText
        return "\(expiry).\(nonce).\(code(expiry, nonce).base64URL)"
    }

    /// The value of the request's cookie, if it is valid.
    func value(of request: Request, at now: Date) -> String? {
        guard let value = request.cookies[Self.name]?.value, value.utf8.count <= 300 else { return nil }
        let parts = value.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let expiry = Int(parts[0]), let shown = Data(base64URL: parts[2]),
            keys.isValid(shown, of: signed(parts[0], parts[1]), for: .dashboard),
            Double(expiry) > now.timeIntervalSince1970
        else { return nil }
        return value
    }

    func set(_ value: String, on response: inout Response) {
        response.setCookie(
            Cookie(
                name: Self.name, value: value, maxAge: Self.lifetime, path: "/dashboard", secure: isSecure,
                httpOnly: true, sameSite: .strict))
    }

    /// Whether the text is `DASHBOARD_TOKEN`. Both are hashed with a key, and the hashes are compared in constant time.
    func isToken(_ text: String) -> Bool {
        guard let token, text.utf8.count <= 1024 else { return false }
        let code = keys.authenticationCode(of: ["token", text], for: .dashboard)
        return keys.isValid(code, of: ["token", token.exposedText], for: .dashboard)
    }

    /// The CSRF token of a cookie's value.
    func csrfToken(for value: String) -> String {
        keys.authenticationCode(of: ["csrf", value], for: .dashboard).base64URL
    }

    /// Whether the CSRF token belongs to the cookie's value, compared in constant time.
    func isValid(csrfToken shown: String?, for value: String) -> Bool {
        guard let shown, shown.utf8.count <= 100, let code = Data(base64URL: shown) else { return false }
        return keys.isValid(code, of: ["csrf", value], for: .dashboard)
    }

    private func code(_ expiry: String, _ nonce: String) -> Data {
        keys.authenticationCode(of: signed(expiry, nonce), for: .dashboard)
    }

    private func signed(_ expiry: String, _ nonce: String) -> [String] {
        ["cookie", expiry, nonce, token?.exposedText ?? ""]
    }
}

extension KeyRing.Purpose {
    static let dashboard = KeyRing.Purpose("dashboard")
}
