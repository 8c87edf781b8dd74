// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Hummingbird

/// The token that protects requests from cross-site request forgery: an HMAC of the session cookie with a separate key.
///
/// Another site can make a browser send its cookies, but can neither read them nor set the header. The session cookie
/// exists before any log-in, so that another site cannot log a browser in to an attacker's account either.
enum CSRFToken {
    static func text(for session: SessionToken, _ keys: KeyRing) -> String {
        keys.authenticationCode(of: [session.exposedText], for: .csrf).base64URL
    }

    /// Whether the token belongs to the session, compared in constant time.
    static func isValid(_ shown: String?, for session: SessionToken, _ keys: KeyRing) -> Bool {
        guard let shown, shown.utf8.count <= 100, let code = Data(base64URL: shown) else { return false }
        return keys.isValid(code, of: [session.exposedText], for: .csrf)
    }
}
