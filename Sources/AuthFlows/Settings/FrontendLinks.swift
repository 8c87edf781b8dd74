// SPDX-License-Identifier: Apache-2.0
import Foundation

/// Where the links of mails lead: made from settings, never from a request's `Host`.
public struct FrontendLinks: Sendable {
    /// `PUBLIC_URL`: where this server's own pages are reached.
    public var publicURL: String
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL`: a front end's page; `{key}` stands for the key.
    public var confirmEmail: String?
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD_FROM_KEY`, with `{key}`.
    public var resetPasswordFromKey: String?
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD`.
    public var resetPassword: String?
    /// `HEADLESS_FRONTEND_URLS_ACCOUNT_SIGNUP`.
    public var signup: String?
    /// `HEADLESS_FRONTEND_URLS_SOCIALACCOUNT_LOGIN_ERROR`: where a visitor is sent whose log-in by a provider
    /// has failed, and of whom is not known where they wanted to be.
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

    /// The address of a page of this server's.
    ///
    /// - Parameter path: with a slash before it.
    package func ownPage(_ path: String) -> String {
        (publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL) + path
    }
}
