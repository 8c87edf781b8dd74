// SPDX-License-Identifier: Apache-2.0
package import Foundation

extension AccountSettings {
    /// The address for a redirect, if it is allowed: on this server, at a front end, or at a trusted origin. Others are
    /// rejected, so that this server is not an open redirector.
    ///
    /// - Parameter text: an address, or a path on this server.
    package func redirectTarget(_ text: String) -> URL? {
        // Browsers treat a backslash as a slash, and ignore control characters.
        guard text.utf8.count <= 2048, !text.contains("\\"),
            text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7f })
        else { return nil }
        let absolute = text.hasPrefix("/") && !text.hasPrefix("//") ? links.ownPage(text) : text
        guard let url = URL(string: absolute), url.user() == nil, url.password() == nil,
            redirectOrigins.trusts(absolute)
        else { return nil }
        return url
    }

    private var redirectOrigins: TrustedOrigins {
        let pages = [
            links.confirmEmail, links.resetPasswordFromKey, links.resetPassword, links.signup,
            links.socialLoginError,
        ]
        return TrustedOrigins(
            publicURL: links.publicURL,
            others: pages.compactMap { $0?.replacing("{key}", with: "key") } + social.redirectOrigins)
    }
}
