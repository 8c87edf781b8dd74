// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension FrontendLinks {
    /// Reads `PUBLIC_URL` and `HEADLESS_FRONTEND_URLS_…`.
    init(reading reader: inout SettingsReader) {
        self.init()
        publicURL = reader.page("PUBLIC_URL") ?? publicURL
        confirmEmail = reader.page("HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL", hasKey: true)
        resetPasswordFromKey = reader.page(
            "HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD_FROM_KEY", hasKey: true)
        resetPassword = reader.page("HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD")
        signup = reader.page("HEADLESS_FRONTEND_URLS_ACCOUNT_SIGNUP")
        socialLoginError = reader.page("HEADLESS_FRONTEND_URLS_SOCIALACCOUNT_LOGIN_ERROR")
    }
}

extension SettingsReader {
    /// The address of a page that links lead to.
    fileprivate mutating func page(_ name: String, hasKey: Bool = false) -> String? {
        let form = "an http or https URL" + (hasKey ? " with the placeholder {key}" : "")
        return value(name, default: String?.none, form) { text in
            // `{key}` is not valid in a URL, so it is replaced before the check.
            guard text.contains("{key}") == hasKey,
                let url = URLComponents(string: text.replacing("{key}", with: "key")),
                ["http", "https"].contains(url.scheme?.lowercased()), url.host?.isEmpty == false
            else { return nil }
            return .some(text)
        }
    }
}
