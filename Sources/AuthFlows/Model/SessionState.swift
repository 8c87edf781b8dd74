// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// Pending log-ins and codes of a session, and the factors that were proved in it. It survives a restart and is sealed
/// at rest.
public struct SessionState: Hashable, Sendable, Codable {
    /// The factors that the user has proved, oldest first: allauth's `account_authentication_methods`.
    public var methods: [AuthenticationRecord] = []
    /// A log-in that waits at a stage.
    public var pendingLogin: PendingLogin?
    /// Codes that were mailed and wait to be entered, at most one for each purpose.
    public var pendingCodes: [PendingCode.Purpose: PendingCode] = [:]
    /// Whether a browser keeps the session when it is closed: `false` if the user, or `ACCOUNT_SESSION_REMEMBER`,
    /// declined.
    public var remember: Bool?
    /// Pending redirects to providers, oldest first.
    public var providerVisits: [ProviderVisit] = []
    /// A sign-up by a provider that waits for its form.
    public var pendingSignup: PendingSocialSignup?
    /// An account to connect once the user has reauthenticated.
    public var pendingConnect: PendingConnect?
    /// Identifies a user and the password that was set or entered in this session while it was anonymous. If the same
    /// session then proves the user's address, that password belongs to the address's owner and is kept.
    public var passwordMark: Data?

    public init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        methods = try container.decode([AuthenticationRecord].self, forKey: .methods)
        pendingLogin = try container.decodeIfPresent(PendingLogin.self, forKey: .pendingLogin)
        pendingCodes = try container.decode([PendingCode.Purpose: PendingCode].self, forKey: .pendingCodes)
        remember = try container.decodeIfPresent(Bool.self, forKey: .remember)
        // Sessions that were stored before social accounts were added lack these members.
        providerVisits = try container.decodeIfPresent([ProviderVisit].self, forKey: .providerVisits) ?? []
        pendingSignup = try container.decodeIfPresent(PendingSocialSignup.self, forKey: .pendingSignup)
        pendingConnect = try container.decodeIfPresent(PendingConnect.self, forKey: .pendingConnect)
        passwordMark = try container.decodeIfPresent(Data.self, forKey: .passwordMark)
    }
}

/// A factor that was proved in a session: an entry of the headless API's `data.methods`.
public struct AuthenticationRecord: Hashable, Sendable, Codable {
    public var method: AuthenticationMethod
    public var at: Date
    public var email: String?
    public var username: String?
    public var provider: String?
    public var uid: String?
    public var reauthenticated: Bool?

    public init(
        method: AuthenticationMethod, at: Date, email: String? = nil, username: String? = nil,
        provider: String? = nil, uid: String? = nil, reauthenticated: Bool? = nil
    ) {
        self.method = method
        self.at = at
        self.email = email
        self.username = username
        self.provider = provider
        self.uid = uid
        self.reauthenticated = reauthenticated
    }
}

/// A stage of the log-in pipeline: a requirement after the first proved factor and before the log-in.
public struct LoginStage: RawRepresentable, Hashable, Sendable, Codable {
    /// The id of the pending flow in the headless API.
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let loginByCode = LoginStage(rawValue: "login_by_code")
    public static let verifyEmail = LoginStage(rawValue: "verify_email")
}

/// A log-in that waits at a stage: allauth's stashed `Login`.
public struct PendingLogin: Hashable, Sendable, Codable {
    /// Nil if the log-in is only pretended, to prevent enumeration: after a sign-up with a taken address, or after a
    /// request of a log-in code for an unknown one.
    public var userID: User.ID?
    /// The stage that it waits at.
    public var stage: LoginStage
    /// The factors that were proved so far.
    public var methods: [AuthenticationRecord]
    /// It expires `ACCOUNT_LOGIN_TIMEOUT` after this.
    public var startedAt: Date
    /// Whether it is the log-in of a sign-up.
    public var signup: Bool
    /// The user's choice of “remember me”; nil if they were not asked.
    public var remember: Bool?
    /// The address that it waits to be verified, as the user typed it.
    public var email: String?
    /// Kept across the stages for `user_logged_in`.
    public var sociallogin: SocialLoginSnapshot?
    /// Identifies the password that the log-in was started with. If the password is changed meanwhile, the log-in is
    /// void. Nil if it was started without a password.
    public var passwordMark: Data?
    /// The sign-up that was concealed because its address is taken.
    public var concealed: ConcealedSignUp?

    public init(
        userID: User.ID?, stage: LoginStage, methods: [AuthenticationRecord], startedAt: Date,
        signup: Bool = false, remember: Bool? = nil, email: String? = nil,
        sociallogin: SocialLoginSnapshot? = nil, passwordMark: Data? = nil,
        concealed: ConcealedSignUp? = nil
    ) {
        self.userID = userID
        self.stage = stage
        self.methods = methods
        self.startedAt = startedAt
        self.signup = signup
        self.remember = remember
        self.email = email
        self.sociallogin = sociallogin
        self.passwordMark = passwordMark
        self.concealed = concealed
    }
}

/// A code that was mailed and waits to be entered. The code itself is not kept, only its HMAC.
public struct PendingCode: Hashable, Sendable, Codable {
    /// What the code is for.
    public struct Purpose: RawRepresentable, Hashable, Sendable, Codable, CodingKeyRepresentable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let login = Purpose(rawValue: "login")
        public static let verifyEmail = Purpose(rawValue: "verify_email")
        public static let resetPassword = Purpose(rawValue: "password_reset")
    }

    /// Part of the HMAC's input.
    public var id: UUID
    /// Nil if no user has the address; no code ever matches then.
    public var userID: User.ID?
    public var email: String?
    /// HMAC-SHA-256 over purpose, id and the normalised code.
    public var mac: Data?
    public var failedAttempts = 0
    public var resends = 0
    /// How often the address was changed while the code was pending.
    public var changes = 0
    /// Whether the right code was entered already and only the new password is missing.
    public var isConfirmed = false
    /// The start of its time-out, which a resend does not change.
    public var startedAt: Date

    public init(id: UUID, userID: User.ID?, email: String?, mac: Data?, startedAt: Date) {
        self.id = id
        self.userID = userID
        self.email = email
        self.mac = mac
        self.startedAt = startedAt
    }
}
