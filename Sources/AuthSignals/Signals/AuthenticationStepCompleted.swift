// SPDX-License-Identifier: Apache-2.0

/// One factor succeeded; not a log-in yet.
///
/// Source: allauth `account.signals.authentication_step_completed` (65.10).
public struct AuthenticationStepCompleted: UserSignal, Hashable {
    public static let name: SignalName = "account.authentication_step_completed"
    public static let summary = "one factor succeeded; not a log-in yet"

    public var request: SignalRequest
    public var user: UserSnapshot
    public var method: AuthenticationMethod
    /// Whether a logged-in user authenticated again.
    public var reauthenticated: Bool?
    /// For passwords and codes: the address as typed, cut to 254 bytes. Personal: absent in the `thin` profile.
    @Personal public var email: String? {
        didSet { _email = Personal(wrappedValue: email?.cut(toUTF8Bytes: 254)) }
    }
    /// For passwords: the username as typed, cut to 254 bytes. Personal: absent in the `thin` profile.
    @Personal public var username: String? {
        didSet { _username = Personal(wrappedValue: username?.cut(toUTF8Bytes: 254)) }
    }
    /// For social accounts: the provider.
    public var provider: String?
    /// For social accounts: the user's id at the provider.
    public var uid: String?
    /// For second factors: the kind of authenticator.
    public var type: String?

    public init(
        request: SignalRequest, user: UserSnapshot, method: AuthenticationMethod,
        reauthenticated: Bool? = nil, email: String? = nil, username: String? = nil,
        provider: String? = nil, uid: String? = nil, type: String? = nil
    ) {
        self.request = request
        self.user = user
        self.method = method
        self.reauthenticated = reauthenticated
        self.email = email?.cut(toUTF8Bytes: 254)
        self.username = username?.cut(toUTF8Bytes: 254)
        self.provider = provider
        self.uid = uid
        self.type = type
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, method, reauthenticated, email, username, provider, uid, type
    }
}
