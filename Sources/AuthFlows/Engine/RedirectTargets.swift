// SPDX-License-Identifier: Apache-2.0
package import Foundation

extension AccountSettings {
    /// The address that a visitor may be sent to: on this server, at a front end, or at a trusted origin.
    /// There is no other, or this server could be made to lead people astray.
    ///
    /// - Parameter text: an address, or a path on this server.
    package func redirectTarget(_ text: String) -> URL? {
        // Browsers read a backslash as a slash, and pass over control characters.
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
