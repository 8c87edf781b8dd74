// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The addresses of links in mails: made from settings, never from a request's `Host`.
public struct FrontendLinks: Sendable {
    /// `PUBLIC_URL`: the address of this server's own pages.
    public var publicURL: String
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL`: a front end's page; `{key}` stands for the key.
    public var confirmEmail: String?
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD_FROM_KEY`, with `{key}`.
    public var resetPasswordFromKey: String?
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD`.
    public var resetPassword: String?
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_SIGNUP`.
    public var signup: String?
    /// `HEADLESS_FRONTEND_URLS_SOCIALACCOUNT_LOGIN_ERROR`: where a browser is redirected if a log-in by a provider
    /// fails and its callback URL is unknown.
    public var socialLoginError: String?

    public init(publicURL: String = "http://127.0.0.1:8080") {
        self.publicURL = publicURL
    }

    func confirmEmail(_ key: LinkKey) -> String {
        page(confirmEmail, "/accounts/confirm-email/{key}", key)
    }

    func resetPassword(_ key: LinkKey) -> String {
        page(resetPasswordFromKey, "/accounts/password/reset/{key}", key)
    }

    func requestReset() -> String { page(resetPassword, "/accounts/password/reset", nil) }

    func signUp() -> String { page(signup, "/accounts/signup", nil) }

    private func page(_ template: String?, _ own: String, _ key: LinkKey?) -> String {
        (template ?? ownPage(own)).replacing("{key}", with: key?.exposedText ?? "")
    }

    /// The address of one of this server's pages.
    ///
    /// - Parameter path: the path, with its leading slash.
    package func ownPage(_ path: String) -> String {
        (publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL) + path
    }
}
