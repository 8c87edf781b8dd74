// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation

extension SocialSettings {
    /// Reads `SOCIALACCOUNT_…`, by allauth's names. The list of providers is read where they are created.
    init(reading reader: inout SettingsReader) {
        self.init()
        autoSignup = reader.bool("SOCIALACCOUNT_AUTO_SIGNUP", default: autoSignup)
        emailAuthentication = reader.bool("SOCIALACCOUNT_EMAIL_AUTHENTICATION", default: emailAuthentication)
        emailAuthenticationAutoConnect = reader.bool(
            "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT", default: emailAuthenticationAutoConnect)
        emailVerification = reader.value(
            "SOCIALACCOUNT_EMAIL_VERIFICATION", default: emailVerification, "none, optional or mandatory"
        ) { text in AccountSettings.EmailVerification(rawValue: text.lowercased()).map(Optional.some) }
        emailRequired = reader.choiceOfBool("SOCIALACCOUNT_EMAIL_REQUIRED")
        queryEmail = reader.choiceOfBool("SOCIALACCOUNT_QUERY_EMAIL")
        reauthenticationRequired = reader.choiceOfBool("SOCIALACCOUNT_REAUTHENTICATION_REQUIRED")
        storeTokens = reader.bool("SOCIALACCOUNT_STORE_TOKENS", default: storeTokens)
        socialOnly = reader.bool("SOCIALACCOUNT_ONLY", default: socialOnly)
        // The server reports faults of this list, because it also trusts these origins for CSRF.
        redirectOrigins = reader.list("CSRF_TRUSTED_ORIGINS", default: [])
    }
}

extension SettingsReader {
    /// A switch that defaults to another setting; nil if it is absent.
    fileprivate mutating func choiceOfBool(_ name: String) -> Bool? {
        guard string(name) != nil else { return nil }
        return bool(name, default: false)
    }
}
