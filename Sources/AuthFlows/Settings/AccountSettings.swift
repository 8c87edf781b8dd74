// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// The settings of the account flows: allauth's settings, by allauth's names and with its defaults.
///
/// Three defaults differ, because most services choose them today: users log in by e-mail address, sign-up asks for an
/// address and one password, and passwords have at least 8 characters.
public struct AccountSettings: Sendable {
    /// `ACCOUNT_EMAIL_VERIFICATION`.
    public enum EmailVerification: String, Sendable, CaseIterable { case none, optional, mandatory }

    /// `ACCOUNT_LOGIN_METHODS`.
    public enum LoginMethod: String, Sendable, CaseIterable { case email, username }

    /// `ACCOUNT_PREVENT_ENUMERATION`.
    public enum EnumerationPrevention: String, Sendable, CaseIterable {
        case off = "false", on = "true", strict
    }

    /// A field of `ACCOUNT_SIGNUP_FIELDS`.
    public enum SignupField: String, Sendable, CaseIterable { case email, username, password1, password2 }

    // MARK: Logging in

    /// `ACCOUNT_LOGIN_METHODS`.
    public var loginMethods: Set<LoginMethod> = [.email]
    /// `ACCOUNT_SIGNUP_FIELDS`: the fields of a sign-up, and whether each is required (marked by `*`).
    public var signupFields: [SignupField: Bool] = [.email: true, .password1: true]
    /// `ACCOUNT_SIGNUP_OPEN`: whether new users may sign up; allauth asks `adapter.is_open_for_signup`.
    public var signupOpen = true
    /// `ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD`: a field that users do not see and bots fill in.
    public var signupHoneypotField: String?
    /// `ACCOUNT_LOGIN_BY_CODE_ENABLED`.
    public var loginByCodeEnabled = false
    /// `ACCOUNT_LOGIN_BY_CODE_REQUIRED`: the methods after which a code is required.
    public var loginByCodeRequired: Set<String> = []
    /// `ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS`.
    public var loginByCodeMaxAttempts = 3
    /// `ACCOUNT_LOGIN_BY_CODE_TIMEOUT`, seconds.
    public var loginByCodeTimeout: TimeInterval = 180
    /// `ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND`: how often a code can be sent again.
    public var loginByCodeResends = 0
    /// `ACCOUNT_LOGIN_TIMEOUT`, seconds: how long a log-in may stay pending.
    public var loginTimeout: TimeInterval = 900

    // MARK: E-mail

    /// `ACCOUNT_EMAIL_VERIFICATION`.
    public var emailVerification: EmailVerification = .optional
    /// `ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED`; it requires `mandatory`.
    public var emailVerificationByCode = false
    /// `ACCOUNT_EMAIL_VERIFICATION_BY_CODE_MAX_ATTEMPTS`.
    public var emailVerificationMaxAttempts = 3
    /// `ACCOUNT_EMAIL_VERIFICATION_BY_CODE_TIMEOUT`, seconds.
    public var emailVerificationTimeout: TimeInterval = 900
    /// `ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND`: how often a code can be sent again.
    public var emailVerificationResends = 0
    /// `ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_CHANGE`: how often the address can be changed while it waits to be
    /// verified.
    public var emailVerificationChanges = 0
    /// `ACCOUNT_EMAIL_CONFIRMATION_EXPIRE_DAYS`.
    public var emailConfirmationExpireDays = 3
    /// `ACCOUNT_CONFIRM_EMAIL_ON_GET`: whether opening a link confirms, without a click on its page. Software that
    /// follows links in mails would then confirm too.
    public var confirmEmailOnGet = false
    /// `ACCOUNT_LOGIN_ON_EMAIL_CONFIRMATION`.
    public var loginOnEmailConfirmation = false
    /// `ACCOUNT_CHANGE_EMAIL`: a user has one address, and adding another replaces it.
    public var changeEmail = false
    /// `ACCOUNT_MAX_EMAIL_ADDRESSES`.
    public var maxEmailAddresses: Int?
    /// `ACCOUNT_EMAIL_NOTIFICATIONS`.
    public var emailNotifications = false
    /// `ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS`.
    public var emailUnknownAccounts = true
    /// `ACCOUNT_PREVENT_ENUMERATION`.
    public var preventEnumeration: EnumerationPrevention = .on

    // MARK: Passwords

    /// `ACCOUNT_PASSWORD_MIN_LENGTH`, code points.
    public var passwordMinLength = 8
    /// `ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE`.
    public var logoutOnPasswordChange = false
    /// `ACCOUNT_LOGIN_ON_PASSWORD_RESET`.
    public var loginOnPasswordReset = false
    /// `ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED`.
    public var passwordResetByCode = false
    /// `ACCOUNT_PASSWORD_RESET_BY_CODE_MAX_ATTEMPTS`.
    public var passwordResetMaxAttempts = 3
    /// `ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT`, seconds.
    public var passwordResetCodeTimeout: TimeInterval = 180
    /// `PASSWORD_RESET_TIMEOUT`, seconds: how long a link is valid.
    public var passwordResetLinkTimeout: TimeInterval = 259_200

    // MARK: Usernames

    /// `ACCOUNT_USERNAME_MIN_LENGTH`, code points.
    public var usernameMinLength = 1
    /// `ACCOUNT_USERNAME_BLACKLIST`, compared by ``Username/key(of:)``.
    public var usernameBlacklist: Set<String> = []
    /// `ACCOUNT_PRESERVE_USERNAME_CASING`.
    public var preserveUsernameCasing = true

    // MARK: Sessions

    /// `SESSION_COOKIE_AGE`, seconds: the lifetime of a session.
    public var sessionAge: TimeInterval = 1_209_600
    /// `ACCOUNT_SESSION_REMEMBER`: nil asks the user.
    public var sessionRemember: Bool?
    /// `ACCOUNT_REAUTHENTICATION_REQUIRED`.
    public var reauthenticationRequired = false
    /// `ACCOUNT_REAUTHENTICATION_TIMEOUT`, seconds.
    public var reauthenticationTimeout: TimeInterval = 300

    // MARK: Social accounts

    /// `SOCIALACCOUNT_…`.
    public var social = SocialSettings()

    // MARK: Languages

    /// `LANGUAGES`: the languages of pages and mails that clients can choose from; never empty.
    public var languages = Language.all
    /// `LANGUAGE_CODE`: the language if neither the account nor the request names one of ``languages``.
    public var defaultLanguage = Language.english

    // MARK: Elsewhere

    /// `ACCOUNT_RATE_LIMITS`.
    public var rateLimits = RateLimits()
    /// The addresses of links in mails.
    public var links = FrontendLinks()
    /// `SITE_NAME`: the name of this service in mails.
    public var siteName = "this service"

    public init() {}
}
