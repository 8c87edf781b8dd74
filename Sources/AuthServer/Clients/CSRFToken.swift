// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation
import Hummingbird

/// What a page must know to speak for a browser: an HMAC of the session cookie under a key of its own.
///
/// Another site can make a browser send its cookies but can neither read them nor set the header. The cookie is
/// there before any log-in, so that nobody can be logged in to somebody else's account either.
enum CSRFToken {
    static func text(for session: SessionToken, _ keys: KeyRing) -> String {
        keys.authenticationCode(of: [session.exposedText], for: .csrf).base64URL
    }

    /// Whether a request shows the token of its session, compared in constant time.
    static func isValid(_ shown: String?, for session: SessionToken, _ keys: KeyRing) -> Bool {
        guard let shown, shown.utf8.count <= 100, let code = Data(base64URL: shown) else { return false }
        return keys.isValid(code, of: [session.exposedText], for: .csrf)
    }
}
