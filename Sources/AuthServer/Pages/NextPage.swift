// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import Foundation

/// The page that a browser is redirected to after a log-in: `next` in the query.
///
/// Only a path of this server, a front end of `HEADLESS_FRONTEND_URLS_…` or an origin of `CSRF_TRUSTED_ORIGINS` is
/// accepted, so that this server is not an open redirector.
struct NextPage: Sendable {
    /// A path of this server, or a URL.
    let target: String
    /// The origin of a target on another site, for the page's Content-Security-Policy.
    let origin: String?

    /// Nil if the target is not allowed.
    init?(_ text: String?, _ settings: AccountSettings) {
        guard let text, !text.isEmpty, let url = settings.redirectTarget(text) else { return nil }
        if text.hasPrefix("/") {
            target = text
            origin = nil
        } else {
            guard let origin = TrustedOrigins.origin(url.absoluteString) else { return nil }
            target = url.absoluteString
            self.origin = origin
        }
    }
}
