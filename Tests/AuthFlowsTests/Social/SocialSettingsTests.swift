// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Testing

@Suite struct SocialSettingsTests {
    private func read(_ values: [String: String]) -> (SocialSettings, faults: [String], known: Set<String>) {
        var reader = SettingsReader(values)
        let settings = AccountSettings(reading: &reader)
        return (settings.social, reader.faults.map(\.name), reader.known)
    }

    @Test func `the defaults are those of allauth`() {
        let (settings, faults, _) = read([:])
        #expect(faults == [])
        #expect(settings.autoSignup)
        #expect(!settings.emailAuthentication)
        #expect(!settings.emailAuthenticationAutoConnect)
        #expect(settings.emailVerification == nil)
        #expect(settings.emailRequired == nil)
        #expect(settings.queryEmail == nil)
        #expect(!settings.storeTokens)
        #expect(settings.reauthenticationRequired == nil)
        #expect(!settings.socialOnly)
    }

    @Test func `every setting is read by its name`() {
        let values = [
            "SOCIALACCOUNT_AUTO_SIGNUP": "false", "SOCIALACCOUNT_EMAIL_AUTHENTICATION": "true",
            "SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT": "true",
            "SOCIALACCOUNT_EMAIL_VERIFICATION": "none", "SOCIALACCOUNT_EMAIL_REQUIRED": "false",
            "SOCIALACCOUNT_QUERY_EMAIL": "true", "SOCIALACCOUNT_STORE_TOKENS": "true",
            "SOCIALACCOUNT_ONLY": "true", "SOCIALACCOUNT_REAUTHENTICATION_REQUIRED": "true",
            "ACCOUNT_EMAIL_VERIFICATION": "none",
            "CSRF_TRUSTED_ORIGINS": "https://a.example.org",
            "HEADLESS_FRONTEND_URLS_SOCIALACCOUNT_LOGIN_ERROR": "https://front/error",
        ]
        let (settings, faults, known) = read(values)
        #expect(faults == [])
        #expect(!settings.autoSignup)
        #expect(settings.emailAuthentication)
        #expect(settings.emailAuthenticationAutoConnect)
        #expect(settings.emailVerification == AccountSettings.EmailVerification.none)
        #expect(settings.emailRequired == false)
        #expect(settings.queryEmail == true)
        #expect(settings.storeTokens)
        #expect(settings.socialOnly)
        #expect(settings.reauthenticationRequired == true)
        #expect(settings.redirectOrigins == ["https://a.example.org"])
        #expect(Set(values.keys).isSubset(of: known))
    }

    @Test func `providers are asked for an address if sign-ups need one, unless a setting decides`() {
        var settings = AccountSettings()
        #expect(settings.asksProvidersForEmail)
        settings.signupFields = [.email: false, .username: true, .password1: true]
        #expect(!settings.asksProvidersForEmail)
        settings.social.emailRequired = true
        #expect(settings.asksProvidersForEmail)
        settings.social.queryEmail = false
        #expect(!settings.asksProvidersForEmail)
    }

    @Test(arguments: [
        ["SOCIALACCOUNT_AUTO_SIGNUP": "perhaps"], ["SOCIALACCOUNT_EMAIL_VERIFICATION": "often"],
        ["SOCIALACCOUNT_EMAIL_REQUIRED": "2"], ["SOCIALACCOUNT_QUERY_EMAIL": "maybe"],
        ["SOCIALACCOUNT_ONLY": "true"],
        [
            "SOCIALACCOUNT_ONLY": "true", "ACCOUNT_EMAIL_VERIFICATION": "none",
            "ACCOUNT_LOGIN_BY_CODE_ENABLED": "true",
        ],
    ])
    func `reports an invalid setting by its name`(_ values: [String: String]) throws {
        let faults = read(values).faults
        #expect(faults.count == 1)
        #expect(values[try #require(faults.first)] != nil)
    }
}
