// SPDX-License-Identifier: Apache-2.0

/// Why a flow refuses a call, with allauth's error codes.
public struct Refusal: Error, Hashable, Sendable {
    /// An error code of allauth's adapters, forms and validators; an open set.
    public struct Code: RawRepresentable, Hashable, Sendable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }

        public static let required = Code(rawValue: "required")
        public static let invalid = Code(rawValue: "invalid")
        public static let maxLength = Code(rawValue: "max_length")
        public static let emailTaken = Code(rawValue: "email_taken")
        public static let usernameTaken = Code(rawValue: "username_taken")
        public static let usernameBlacklisted = Code(rawValue: "username_blacklisted")
        public static let usernameTooShort = Code(rawValue: "username_too_short")
        public static let duplicateEmail = Code(rawValue: "duplicate_email")
        public static let maxEmailAddresses = Code(rawValue: "max_email_addresses")
        public static let unknownEmail = Code(rawValue: "unknown_email")
        public static let emailPasswordMismatch = Code(rawValue: "email_password_mismatch")
        public static let usernamePasswordMismatch = Code(rawValue: "username_password_mismatch")
        public static let tooManyLoginAttempts = Code(rawValue: "too_many_login_attempts")
        public static let incorrectCode = Code(rawValue: "incorrect_code")
        public static let incorrectPassword = Code(rawValue: "incorrect_password")
        public static let enterCurrentPassword = Code(rawValue: "enter_current_password")
        public static let invalidOrExpiredKey = Code(rawValue: "invalid_or_expired_key")
        public static let invalidPasswordReset = Code(rawValue: "invalid_password_reset")
        public static let cannotRemovePrimaryEmail = Code(rawValue: "cannot_remove_primary_email")
        public static let unverifiedPrimaryEmail = Code(rawValue: "unverified_primary_email")
        public static let passwordTooShort = Code(rawValue: "password_too_short")
        public static let passwordTooLong = Code(rawValue: "password_too_long")
        public static let passwordTooCommon = Code(rawValue: "password_too_common")
        public static let passwordEntirelyNumeric = Code(rawValue: "password_entirely_numeric")
        public static let passwordTooSimilar = Code(rawValue: "password_too_similar")
        public static let passwordMismatch = Code(rawValue: "password_mismatch")
        public static let sameAsCurrent = Code(rawValue: "same_as_current")
        public static let invalidLogin = Code(rawValue: "invalid_login")
        public static let invalidChoice = Code(rawValue: "invalid_choice")
        public static let invalidToken = Code(rawValue: "invalid_token")
        public static let tokenRequired = Code(rawValue: "token_required")
        public static let tokenAuthenticationNotSupported = Code(
            rawValue: "token_authentication_not_supported")
        public static let clientIDRequired = Code(rawValue: "client_id_required")
        public static let unknownProvider = Code(rawValue: "unknown_provider")
        /// Not one of allauth's codes: allauth lets the request fail.
        public static let providerUnreachable = Code(rawValue: "provider_unreachable")
        public static let invalidURL = Code(rawValue: "invalid_url")
        public static let connectedOther = Code(rawValue: "connected_other")
        public static let accountNotFound = Code(rawValue: "account_not_found")
        public static let noPassword = Code(rawValue: "no_password")
        public static let noVerifiedEmail = Code(rawValue: "no_verified_email")
        public static let disconnectLast = Code(rawValue: "disconnect_last")

        // Codes in a redirect to a front end after a log-in by a provider: allauth's `AuthError` and similar ones.
        public static let cancelled = Code(rawValue: "cancelled")
        public static let denied = Code(rawValue: "denied")
        public static let unknown = Code(rawValue: "unknown")
        public static let permissionDenied = Code(rawValue: "permission_denied")
        public static let signupClosed = Code(rawValue: "signup_closed")
        public static let reauthenticationRequired = Code(rawValue: "reauthentication_required")
    }

    public var code: Code
    /// The field that is refused; nil if the refusal is not about a single field.
    public var field: String?
    /// The text for the user, in English if it is one of this package's. The headless API returns it.
    public var message: String { didSet { translations = [:] } }
    /// The text in other languages. Not compared: it follows from the message.
    private var translations: [Language: String]

    /// - Parameters:
    ///   - code: what is wrong.
    ///   - field: the field that is refused; nil if the refusal is not about a single field.
    ///   - message: the text for the user.
    ///   - translations: the text in other languages, for pages. Pages show `message` in a language that is missing.
    public init(
        _ code: Code, field: String? = nil, _ message: String, translations: [Language: String] = [:]
    ) {
        self.code = code
        self.field = field
        self.message = message
        self.translations = translations
    }

    package init(_ code: Code, field: String? = nil, _ text: TranslatedText) {
        self.init(code, field: field, text.english, translations: text.translations)
    }

    /// The text for a user who reads a language; ``message`` if the refusal has no text in it.
    public func text(in language: Language) -> String { translations[language] ?? message }

    public static func == (left: Refusal, right: Refusal) -> Bool {
        left.code == right.code && left.field == right.field && left.message == right.message
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
        hasher.combine(field)
        hasher.combine(message)
    }
}

extension Refusal {
    package static func required(field: String) -> Refusal {
        Refusal(.required, field: field, .required)
    }

    static func emailTaken(field: String) -> Refusal {
        Refusal(.emailTaken, field: field, .emailTaken)
    }

    static func usernameTaken() -> Refusal {
        Refusal(.usernameTaken, field: "username", .usernameTaken)
    }

    package static func unknownSessions() -> Refusal {
        Refusal(.invalidChoice, field: "sessions", .invalidChoice)
    }

    static func wrongKey(_ key: LinkKey) -> Refusal {
        key.exposedText.isEmpty
            ? .required(field: "key") : Refusal(.invalidOrExpiredKey, field: "key", .invalidOrExpiredKey)
    }

    static func unknownEmail(field: String = "email") -> Refusal {
        Refusal(.unknownEmail, field: field, .unknownEmail)
    }

    static func wrongCode(_ entered: String, field: String) -> Refusal {
        entered.isEmpty ? .required(field: field) : Refusal(.incorrectCode, field: field, .incorrectCode)
    }

    static func tooManyLoginAttempts(field: String? = nil) -> Refusal {
        Refusal(.tooManyLoginAttempts, field: field, .tooManyLoginAttempts)
    }
}
