// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation

extension AccountSettings {
    /// Reads the settings by allauth's names. The reader collects the faults.
    ///
    /// Durations are whole seconds, lists are separated by commas, `…_SUPPORTS_RESEND` and
    /// `…_SUPPORTS_CHANGE` are `false`, `true` (2) or a number, and `ACCOUNT_RATE_LIMITS` is a JSON object in
    /// allauth's notation, or `false`.
    public init(reading reader: inout SettingsReader) {
        self.init()
        readLogin(&reader)
        readEmail(&reader)
        readPasswords(&reader)
        readSessions(&reader)
        social = SocialSettings(reading: &reader)
        rateLimits = RateLimits(reading: &reader)
        links = FrontendLinks(reading: &reader)
        readLanguages(&reader)
        siteName = reader.string("SITE_NAME") ?? siteName
        check(&reader)
    }

    private mutating func readLogin(_ reader: inout SettingsReader) {
        loginMethods = reader.value(
            "ACCOUNT_LOGIN_METHODS", default: loginMethods, "email, username or both, separated by commas"
        ) { text in
            let methods = text.words.map(LoginMethod.init(rawValue:))
            return methods.isEmpty || methods.contains(nil) ? nil : Set(methods.compactMap { $0 })
        }
        signupFields = reader.value(
            "ACCOUNT_SIGNUP_FIELDS", default: signupFields,
            "a list of email, username, password1 and password2, each with a * if it is required",
            SignupField.list)
        signupOpen = reader.bool("ACCOUNT_SIGNUP_OPEN", default: signupOpen)
        signupHoneypotField = reader.name("ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD")
        loginByCodeEnabled = reader.bool("ACCOUNT_LOGIN_BY_CODE_ENABLED", default: loginByCodeEnabled)
        loginByCodeRequired = reader.value(
            "ACCOUNT_LOGIN_BY_CODE_REQUIRED", default: loginByCodeRequired,
            "true, false or a list of methods: password, socialaccount, password_reset"
        ) { text in
            switch text.lowercased() {
            case "true": return ["*"]
            case "false": return []
            default:
                let methods = Set(text.words)
                let known: Set<String> = ["password", "socialaccount", "password_reset", "mfa"]
                return methods.isSubset(of: known) ? methods : nil
            }
        }
        loginByCodeMaxAttempts = reader.attempts("ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS", loginByCodeMaxAttempts)
        loginByCodeTimeout = reader.interval("ACCOUNT_LOGIN_BY_CODE_TIMEOUT", loginByCodeTimeout)
        loginByCodeResends = reader.times("ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND")
        loginTimeout = reader.interval("ACCOUNT_LOGIN_TIMEOUT", loginTimeout)
        usernameMinLength = reader.int("ACCOUNT_USERNAME_MIN_LENGTH", default: usernameMinLength, in: 1...150)
        usernameBlacklist = Set(reader.list("ACCOUNT_USERNAME_BLACKLIST", default: []))
        preserveUsernameCasing = reader.bool(
            "ACCOUNT_PRESERVE_USERNAME_CASING", default: preserveUsernameCasing)
    }

    private mutating func readEmail(_ reader: inout SettingsReader) {
        emailVerification = reader.choice(
            "ACCOUNT_EMAIL_VERIFICATION", default: emailVerification,
            Dictionary(uniqueKeysWithValues: EmailVerification.allCases.map { ($0.rawValue, $0) }))
        emailVerificationByCode = reader.bool(
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED", default: emailVerificationByCode)
        emailVerificationMaxAttempts = reader.attempts(
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS", emailVerificationMaxAttempts)
        emailVerificationTimeout = reader.interval(
            "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT", emailVerificationTimeout)
        emailVerificationResends = reader.times("ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND")
        emailVerificationChanges = reader.times("ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE")
        emailConfirmationExpireDays = reader.int(
            "ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS", default: emailConfirmationExpireDays, in: 1...365)
        confirmEmailOnGet = reader.bool("ACCOUNT_CONFIRM_EMAIL_ON_GET", default: confirmEmailOnGet)
        loginOnEmailConfirmation = reader.bool(
            "ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION", default: loginOnEmailConfirmation)
        changeEmail = reader.bool("ACCOUNT_CHANGE_EMAIL", default: changeEmail)
        maxEmailAddresses = reader.value(
            "ACCOUNT_MAX_EMAIL_ADDRESSES", default: maxEmailAddresses, "a whole number from 1 to 1000"
        ) { text in
            guard let most = Int(text), (1...1000).contains(most) else { return nil }
            return .some(most)
        }
        emailNotifications = reader.bool("ACCOUNT_EMAIL_NOTIFICATIONS", default: emailNotifications)
        emailUnknownAccounts = reader.bool("ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS", default: emailUnknownAccounts)
        preventEnumeration = reader.choice(
            "ACCOUNT_PREVENT_ENUMERATION", default: preventEnumeration,
            Dictionary(uniqueKeysWithValues: EnumerationPrevention.allCases.map { ($0.rawValue, $0) }))
    }

    private mutating func readPasswords(_ reader: inout SettingsReader) {
        passwordMinLength = reader.int(
            "ACCOUNT_PASSWORD_MIN_LENGTH", default: passwordMinLength, in: 1...Password.longest)
        logoutOnPasswordChange = reader.bool(
            "ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE", default: logoutOnPasswordChange)
        loginOnPasswordReset = reader.bool("ACCOUNT_LOGIN_ON_PASSWORD_RESET", default: loginOnPasswordReset)
        passwordResetByCode = reader.bool(
            "ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED", default: passwordResetByCode)
        passwordResetMaxAttempts = reader.attempts(
            "ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS", passwordResetMaxAttempts)
        passwordResetCodeTimeout = reader.interval(
            "ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT", passwordResetCodeTimeout)
        passwordResetLinkTimeout = reader.interval("PASSWORD_RESET_TIMEOUT", passwordResetLinkTimeout)
    }

    private mutating func readSessions(_ reader: inout SettingsReader) {
        sessionAge = reader.interval("SESSION_COOKIE_AGE", sessionAge)
        sessionRemember = reader.value(
            "ACCOUNT_SESSION_REMEMBER", default: sessionRemember, "true, false or none"
        ) {
            switch $0.lowercased() {
            case "true": .some(.some(true))
            case "false": .some(.some(false))
            case "none": .some(.none)
            default: nil
            }
        }
        reauthenticationRequired = reader.bool(
            "ACCOUNT_REAUTHENTICATION_REQUIRED", default: reauthenticationRequired)
        // With 0, every sensitive change asks for the password again.
        reauthenticationTimeout = reader.interval(
            "ACCOUNT_REAUTHENTICATION_TIMEOUT", reauthenticationTimeout, from: 0)
    }

    /// Reads `LANGUAGES` and `LANGUAGE_CODE`, by Django's names.
    private mutating func readLanguages(_ reader: inout SettingsReader) {
        languages = reader.value("LANGUAGES", default: languages, Language.listForm) { text in
            let languages = text.words.map { Language.lookup($0) }
            let known = languages.compactMap { $0 }
            return known.isEmpty || Set(known).count < languages.count ? nil : known
        }
        defaultLanguage = reader.language(default: defaultLanguage)
        if !languages.contains(defaultLanguage) {
            reader.fault("LANGUAGE_CODE", "must be one of LANGUAGES")
        }
    }

    /// Checks combinations of settings. Source: allauth `account/checks.py`.
    private func check(_ reader: inout SettingsReader) {
        if emailVerificationByCode, emailVerification != .mandatory {
            reader.fault(
                "ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED", "requires ACCOUNT_EMAIL_VERIFICATION=mandatory")
        }
        if emailVerification == .mandatory, signupFields[.email] != true {
            reader.fault(
                "ACCOUNT_SIGNUP_FIELDS", "must have email* if ACCOUNT_EMAIL_VERIFICATION is mandatory")
        }
        let required = Set(signupFields.filter(\.value).keys.map(\.rawValue))
        if required.isDisjoint(with: loginMethods.map(\.rawValue)) {
            reader.fault("ACCOUNT_SIGNUP_FIELDS", "must require a field that ACCOUNT_LOGIN_METHODS names")
        }
        if signupFields[.password1] == nil, !loginByCodeEnabled {
            reader.fault(
                "ACCOUNT_SIGNUP_FIELDS", "must have password1 if ACCOUNT_LOGIN_BY_CODE_ENABLED is off")
        }
        if changeEmail, let maxEmailAddresses, maxEmailAddresses != 2 {
            reader.fault(
                "ACCOUNT_MAX_EMAIL_ADDRESSES", "must be 2 or be absent if ACCOUNT_CHANGE_EMAIL is on")
        }
        if social.socialOnly, loginByCodeEnabled {
            reader.fault("SOCIALACCOUNT_ONLY", "cannot be combined with ACCOUNT_LOGIN_BY_CODE_ENABLED")
        }
        if social.socialOnly, emailVerification != .none {
            reader.fault("SOCIALACCOUNT_ONLY", "requires ACCOUNT_EMAIL_VERIFICATION=none")
        }
    }
}
