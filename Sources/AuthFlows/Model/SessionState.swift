// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// What is pending in a session, and what was proved in it. It survives a restart; it is sealed at rest.
public struct SessionState: Hashable, Sendable, Codable {
    /// What the user has proved, oldest first: allauth's `account_authentication_methods`.
    public var methods: [AuthenticationRecord] = []
    /// A log-in that a stage has stopped.
    public var pendingLogin: PendingLogin?
    /// Codes that were mailed and wait to be entered, one a purpose at most.
    public var pendingCodes: [PendingCode.Purpose: PendingCode] = [:]
    /// Whether a browser is to keep the session when it is closed: `false` where the user, or
    /// `ACCOUNT_SESSION_REMEMBER`, said no.
    public var remember: Bool?
    /// Visits to providers that are under way, oldest first.
    public var providerVisits: [ProviderVisit] = []
    /// A social sign-up that waits for its form.
    public var pendingSignup: PendingSocialSignup?
    /// An account that is to be connected once the user has proved again who they are.
    public var pendingConnect: PendingConnect?
    /// Stands for the password that was set or proved in it while it was anonymous, and for its user: where
    /// the same session then proves the user's address, that password is the owner's.
    public var passwordMark: Data?

    public init() {}

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        methods = try container.decode([AuthenticationRecord].self, forKey: .methods)
        pendingLogin = try container.decodeIfPresent(PendingLogin.self, forKey: .pendingLogin)
        pendingCodes = try container.decode([PendingCode.Purpose: PendingCode].self, forKey: .pendingCodes)
        remember = try container.decodeIfPresent(Bool.self, forKey: .remember)
        // Sessions that were stored before there were social accounts have none of these.
        providerVisits = try container.decodeIfPresent([ProviderVisit].self, forKey: .providerVisits) ?? []
        pendingSignup = try container.decodeIfPresent(PendingSocialSignup.self, forKey: .pendingSignup)
        pendingConnect = try container.decodeIfPresent(PendingConnect.self, forKey: .pendingConnect)
        passwordMark = try container.decodeIfPresent(Data.self, forKey: .passwordMark)
    }
}

/// One thing that was proved in a session: an entry of the headless API's `data.methods`.
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

/// A stage of the log-in pipeline: what can stand between a proved factor and the log-in.
public struct LoginStage: RawRepresentable, Hashable, Sendable, Codable {
    /// The id of the pending flow in the headless API.
    public var rawValue: String
    public init(rawValue: String) { self.rawValue = rawValue }

    public static let loginByCode = LoginStage(rawValue: "login_by_code")
    public static let verifyEmail = LoginStage(rawValue: "verify_email")
}

/// A log-in that a stage has stopped: allauth's stashed `Login`.
public struct PendingLogin: Hashable, Sendable, Codable {
    /// Nil where somebody is told, for their address exists, what a new user would be told.
    public var userID: User.ID?
    /// The stage that waits.
    public var stage: LoginStage
    /// What has been proved on the way.
    public var methods: [AuthenticationRecord]
    /// It lapses `LOGIN_TIMEOUT` after this.
    public var startedAt: Date
    /// Whether it is the log-in of a sign-up.
    public var signup: Bool
    /// What the user chose of “remember me”; nil where they were not asked.
    public var remember: Bool?
    /// The address whose verification it waits for, as it was typed.
    public var email: String?
    /// Kept across the stages for `user_logged_in`.
    public var sociallogin: SocialLoginSnapshot?
    /// Stands for the password that it was begun with: where that was changed meanwhile, the log-in is void.
    /// Nil if it was begun without one.
    public var passwordMark: Data?
    /// The sign-up that was answered as if it had made an account.
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

    /// Bound into the HMAC.
    public var id: UUID
    /// Nil where nobody is known by the address: no code ever matches.
    public var userID: User.ID?
    public var email: String?
    /// HMAC-SHA-256 over purpose, id and the normalised code.
    public var mac: Data?
    public var failedAttempts = 0
    public var resends = 0
    /// How often the address was changed while it waited.
    public var changes = 0
    /// Whether the right code was entered once already, and only the new password is awaited.
    public var isConfirmed = false
    /// It lapses a time-out after this, which a resend does not change.
    public var startedAt: Date

    public init(id: UUID, userID: User.ID?, email: String?, mac: Data?, startedAt: Date) {
        self.id = id
        self.userID = userID
        self.email = email
        self.mac = mac
        self.startedAt = startedAt
    }
}
