// SPDX-License-Identifier: Apache-2.0

/// A user logs in: after the last stage of the log-in.
///
/// Source: allauth `account.signals.user_logged_in`.
public struct UserLoggedIn: UserSignal, Hashable {
    public static let name: SignalName = "account.user_logged_in"
    public static let summary = "a user logs in, after the last stage of the log-in"

    public var request: SignalRequest
    /// The user, with `last_login` of this log-in.
    public var user: UserSnapshot
    /// The new session.
    public var session: SessionSnapshot
    /// The methods that were used, at most 16; empty after a local sign-up.
    public var methods: [AuthenticationMethod]
    /// Set if the user logged in with a provider.
    public var sociallogin: SocialLoginSnapshot?

    /// - Parameters:
    ///   - request: the request that caused the signal.
    ///   - user: the user who has logged in.
    ///   - session: the session.
    ///   - methods: the first 16 are kept.
    ///   - sociallogin: the provider's data, if the log-in was by a provider.
    public init(
        request: SignalRequest, user: UserSnapshot, session: SessionSnapshot,
        methods: [AuthenticationMethod],
        sociallogin: SocialLoginSnapshot? = nil
    ) {
        self.request = request
        self.user = user
        self.session = session
        self.methods = Array(methods.prefix(16))
        self.sociallogin = sociallogin
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, session, methods, sociallogin
    }
}
