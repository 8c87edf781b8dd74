// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import Foundation
import Testing

@Suite struct AccountSettingsTests {
    private func read(_ values: [String: String]) -> (AccountSettings, faults: [String]) {
        var reader = SettingsReader(values)
        let settings = AccountSettings(reading: &reader)
        return (settings, reader.faults.map(\.name))
    }

    @Test func `every setting has a default`() {
        let (settings, faults) = read([:])
        let plain = AccountSettings()
        #expect(faults == [])
        #expect(String(describing: settings.loginMethods) == String(describing: plain.loginMethods))
        #expect(settings.signupFields == [.email: true, .password1: true])
        #expect(settings.emailVerification == .optional)
        #expect(settings.passwordMinLength == 8)
        #expect(settings.loginByCodeTimeout == 180)
        #expect(settings.emailVerificationTimeout == 900)
        #expect(settings.reauthenticationTimeout == 300)
        #expect(settings.sessionAge == 1_209_600)
        #expect(settings.languages == [.english, .german])
        #expect(settings.defaultLanguage == .english)
        #expect(settings.maxEmailAddresses == nil)
        #expect(settings.sessionRemember == nil)
        #expect(settings.rateLimits.rates == plain.rateLimits.rates)
    }

    @Test func `every setting is read by its name`() {
        let (settings, faults) = read([
            "ACCOUNT_LOGIN_METHODS": "username, email",
            "ACCOUNT_SIGNUP_FIELDS": "email*,username*,password1",
            "ACCOUNT_SIGNUP_OPEN": "false",
            "ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD": "phone_number",
            "ACCOUNT_LOGIN_BY_CODE_ENABLED": "true",
            "ACCOUNT_LOGIN_BY_CODE_REQUIRED": "password,socialaccount",
            "ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS": "4",
            "ACCOUNT_LOGIN_BY_CODE_TIMEOUT": "181",
            "ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND": "true",
            "ACCOUNT_LOGIN_TIMEOUT": "901",
            "ACCOUNT_USERNAME_MIN_LENGTH": "3",
            "ACCOUNT_USERNAME_BLACKLIST": "admin, root",
            "ACCOUNT_PRESERVE_USERNAME_CASING": "false",
            "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED": "True",
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS": "5",
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT": "902",
            "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND": "7",
            "ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE": "false",
            "ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS": "4",
            "ACCOUNT_CONFIRM_EMAIL_ON_GET": "true",
            "ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION": "true",
            "ACCOUNT_CHANGE_EMAIL": "true",
            "ACCOUNT_MAX_EMAIL_ADDRESSES": "2",
            "ACCOUNT_EMAIL_NOTIFICATIONS": "true",
            "ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS": "false",
            "ACCOUNT_PREVENT_ENUMERATION": "strict",
            "ACCOUNT_PASSWORD_MIN_LENGTH": "12",
            "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE": "true",
            "ACCOUNT_LOGIN_ON_PASSWORD_RESET": "true",
            "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED": "true",
            "ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS": "6",
            "ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT": "182",
            "PASSWORD_RESET_TIMEOUT": "3600",
            "SESSION_COOKIE_AGE": "60",
            "ACCOUNT_SESSION_REMEMBER": "true",
            "ACCOUNT_REAUTHENTICATION_REQUIRED": "true",
            "ACCOUNT_REAUTHENTICATION_TIMEOUT": "0",
            "ACCOUNT_RATE_LIMITS": #"{"login": "1/h/ip, 2/2d/key", "signup": false, "manage_email": null}"#,
            "LANGUAGES": "de, en", "LANGUAGE_CODE": "de-at",
            "SITE_NAME": "Example",
            "PUBLIC_URL": "https://accounts.example.org/",
            "HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL": "https://app.example.org/verify/{key}",
            "HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD_FROM_KEY":
                "https://app.example.org/reset?key={key}",
            "HEADLESS_FRONTEND_URLS_ACCOUNT_RESET_PASSWORD": "https://app.example.org/reset",
            "HEADLESS_FRONTEND_URLS_ACCOUNT_SIGNUP": "https://app.example.org/signup",
        ])
        #expect(faults == [])
        #expect(settings.loginMethods == [.email, .username])
        #expect(settings.signupFields == [.email: true, .username: true, .password1: false])
        #expect(settings.signupOpen == false)
        #expect(settings.signupHoneypotField == "phone_number")
        #expect(settings.loginByCodeEnabled)
        #expect(settings.loginByCodeRequired == ["password", "socialaccount"])
        #expect(settings.loginByCodeMaxAttempts == 4)
        #expect(settings.loginByCodeTimeout == 181)
        #expect(settings.loginByCodeResends == 2)
        #expect(settings.loginTimeout == 901)
        #expect(settings.usernameMinLength == 3)
        #expect(settings.usernameBlacklist == ["admin", "root"])
        #expect(settings.preserveUsernameCasing == false)
        #expect(settings.emailVerification == .mandatory)
        #expect(settings.emailVerificationByCode)
        #expect(settings.emailVerificationMaxAttempts == 5)
        #expect(settings.emailVerificationTimeout == 902)
        #expect(settings.emailVerificationResends == 7)
        #expect(settings.emailVerificationChanges == 0)
        #expect(settings.emailConfirmationExpireDays == 4)
        #expect(settings.confirmEmailOnGet)
        #expect(settings.loginOnEmailConfirmation)
        #expect(settings.changeEmail)
        #expect(settings.maxEmailAddresses == 2)
        #expect(settings.emailNotifications)
        #expect(settings.emailUnknownAccounts == false)
        #expect(settings.preventEnumeration == .strict)
        #expect(settings.passwordMinLength == 12)
        #expect(settings.logoutOnPasswordChange)
        #expect(settings.loginOnPasswordReset)
        #expect(settings.passwordResetByCode)
        #expect(settings.passwordResetMaxAttempts == 6)
        #expect(settings.passwordResetCodeTimeout == 182)
        #expect(settings.passwordResetLinkTimeout == 3600)
        #expect(settings.sessionAge == 60)
        #expect(settings.sessionRemember == true)
        #expect(settings.reauthenticationRequired)
        #expect(settings.reauthenticationTimeout == 0)
        #expect(
            settings.rateLimits.rates[.login] == [
                RateLimits.Rate(1, per: 3600, .ip), RateLimits.Rate(2, per: 172_800, .key),
            ])
        #expect(settings.rateLimits.rates[.signup] == [])
        #expect(settings.rateLimits.rates[.manageEmail] == [])
        #expect(settings.rateLimits.rates[.reauthenticate] == RateLimits().rates[.reauthenticate])
        #expect(settings.languages == [.german, .english])
        #expect(settings.defaultLanguage == .german)
        #expect(settings.siteName == "Example")
        #expect(settings.links.publicURL == "https://accounts.example.org/")
        #expect(settings.links.confirmEmail == "https://app.example.org/verify/{key}")
        #expect(settings.links.resetPasswordFromKey == "https://app.example.org/reset?key={key}")
        #expect(settings.links.resetPassword == "https://app.example.org/reset")
        #expect(settings.links.signup == "https://app.example.org/signup")
    }

    @Test(
        arguments: [
            ("ACCOUNT_LOGIN_METHODS", "phone"), ("ACCOUNT_LOGIN_METHODS", ","),
            ("ACCOUNT_SIGNUP_FIELDS", "email*,password"),
            ("ACCOUNT_SIGNUP_FIELDS", "email*,email,password1*"),
            ("ACCOUNT_SIGNUP_FIELDS", "email,password1*"), ("ACCOUNT_SIGNUP_FIELDS", "email*"),
            ("ACCOUNT_LOGIN_BY_CODE_REQUIRED", "yes"), ("ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS", "0"),
            ("ACCOUNT_LOGIN_BY_CODE_TIMEOUT", "3m"), ("ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND", "-1"),
            ("ACCOUNT_EMAIL_VERIFICATION", "always"), ("ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED", "1"),
            ("ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED", "true"), ("ACCOUNT_MAX_EMAIL_ADDRESSES", "0"),
            ("ACCOUNT_PREVENT_ENUMERATION", "yes"), ("ACCOUNT_SESSION_REMEMBER", "maybe"),
            ("ACCOUNT_REAUTHENTICATION_TIMEOUT", "-1"), ("SESSION_COOKIE_AGE", "0"),
            ("ACCOUNT_RATE_LIMITS", "true"), ("ACCOUNT_RATE_LIMITS", "{"), ("ACCOUNT_RATE_LIMITS", "[]"),
            ("ACCOUNT_RATE_LIMITS", #"{"log_in": "1/m/ip"}"#), ("ACCOUNT_RATE_LIMITS", #"{"login": "many"}"#),
            ("ACCOUNT_RATE_LIMITS", #"{"login": true}"#), ("ACCOUNT_RATE_LIMITS", #"{"login": "0/m/ip"}"#),
            ("LANGUAGES", "en,fr"), ("LANGUAGES", ","), ("LANGUAGES", "en,en-us"), ("LANGUAGE_CODE", "fr"),
            ("PUBLIC_URL", "accounts.example.org"), ("PUBLIC_URL", "javascript:alert(1)"),
            ("HEADLESS_FRONTEND_URLS_ACCOUNT_CONFIRM_EMAIL", "https://app.example.org/verify"),
            ("HEADLESS_FRONTEND_URLS_ACCOUNT_SIGNUP", "/signup"),
        ])
    func `reports an invalid setting by its name`(_ name: String, _ value: String) {
        #expect(read([name: value]).faults == [name])
    }

    @Test func `reports all faults at once`() {
        let (_, faults) = read([
            "ACCOUNT_EMAIL_VERIFICATION": "x", "ACCOUNT_LOGIN_TIMEOUT": "x", "ACCOUNT_RATE_LIMITS": "x",
        ])
        #expect(
            Set(faults) == ["ACCOUNT_EMAIL_VERIFICATION", "ACCOUNT_LOGIN_TIMEOUT", "ACCOUNT_RATE_LIMITS"])
    }

    @Test func `reports settings that contradict each other`() {
        #expect(
            read(["ACCOUNT_CHANGE_EMAIL": "true", "ACCOUNT_MAX_EMAIL_ADDRESSES": "3"]).faults == [
                "ACCOUNT_MAX_EMAIL_ADDRESSES"
            ])
        #expect(
            read(["ACCOUNT_LOGIN_METHODS": "username", "ACCOUNT_SIGNUP_FIELDS": "email*,password1*"]).faults
                == [
                    "ACCOUNT_SIGNUP_FIELDS"
                ])
        #expect(
            read([
                "ACCOUNT_LOGIN_METHODS": "username", "ACCOUNT_SIGNUP_FIELDS": "username*,email,password1*",
                "ACCOUNT_EMAIL_VERIFICATION": "mandatory",
            ]).faults == ["ACCOUNT_SIGNUP_FIELDS"])
        #expect(
            read(["ACCOUNT_SIGNUP_FIELDS": "email*", "ACCOUNT_LOGIN_BY_CODE_ENABLED": "true"]).faults == [])
    }

    @Test func `the default language is one of the languages`() {
        #expect(read(["LANGUAGES": "de"]).faults == ["LANGUAGE_CODE"])
        let (settings, faults) = read(["LANGUAGES": "de", "LANGUAGE_CODE": "de"])
        #expect(faults == [])
        #expect(settings.languages == [.german])
    }

    @Test func `rate limits can be switched off`() {
        let (settings, faults) = read(["ACCOUNT_RATE_LIMITS": "False"])
        #expect(faults == [])
        #expect(settings.rateLimits.rates.isEmpty)
    }

    @Test(
        arguments: [("true", ["*"]), ("false", []), ("password", ["password"])] as [(String, Set<String>)])
    func `a code can be required after every, no or some methods`(_ text: String, _ required: Set<String>) {
        #expect(
            read(["ACCOUNT_LOGIN_BY_CODE_REQUIRED": text])
                .0.loginByCodeRequired == required)
    }

    // MARK: Passwords

    private func hashing(_ values: [String: String]) -> (PasswordHashing, faults: [String]) {
        var reader = SettingsReader(values)
        let hashing = PasswordHashing(reading: &reader)
        return (hashing, reader.faults.map(\.name))
    }

    @Test func `reads the settings of password hashing`() async throws {
        let (read, faults) = hashing([
            "PASSWORD_SCRYPT_COST": "1024", "PASSWORD_HASH_CONCURRENCY": "3", "PASSWORD_HASH_QUEUE": "0",
            "PASSWORD_HASH_WAIT": "7",
        ])
        #expect(faults == [])
        #expect(read.cost.n == 1024)
        #expect(read.concurrency == 3)
        #expect(read.queueLimit == 0)
        #expect(read.longestWait == .seconds(7))
        #expect(try await read.hasher().hash(Password("x")).exposedText.hasPrefix("scrypt$1024$"))
        #expect(hashing([:]).0.cost.n == 131_072)
        #expect(hashing([:]).0.queueLimit == 64)
        #expect(hashing([:]).0.longestWait == .seconds(5))
    }

    @Test(
        arguments: [
            ("PASSWORD_SCRYPT_COST", "1000"), ("PASSWORD_SCRYPT_COST", "524288"),
            ("PASSWORD_SCRYPT_COST", "512"),
            ("PASSWORD_HASH_CONCURRENCY", "0"), ("PASSWORD_HASH_QUEUE", "-1"),
            ("PASSWORD_HASH_WAIT", "0"), ("PASSWORD_HASH_WAIT", "61"),
        ])
    func `reports an invalid setting of password hashing`(_ name: String, _ value: String) {
        #expect(hashing([name: value]).faults == [name])
    }
}
