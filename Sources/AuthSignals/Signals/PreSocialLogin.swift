// SPDX-License-Identifier: Apache-2.0

/// A provider has authenticated a user and the hook has replied; for log-in, sign-up and connect.
///
/// Source: allauth `socialaccount.signals.pre_social_login`.
public struct PreSocialLogin: UserSignal, Hashable {
    public static let name: SignalName = "socialaccount.pre_social_login"
    public static let summary = "a provider has authenticated somebody, and the hook has answered"

    public var request: SignalRequest
    /// The user, if one is known.
    public var user: UserSnapshot?
    public var sociallogin: SocialLoginSnapshot
    /// The hook's reply, not the result of the flow.
    public var outcome: Outcome
    /// `timeout` if the hook failed open, or the reason for its denial.
    public var reason: String?

    /// The hook's reply; open: accept unknown values.
    public struct Outcome: RawRepresentable, Hashable, Sendable, Codable {
        public var rawValue: String
        public init(rawValue: String) { self.rawValue = rawValue }
        public static let proceeded = Outcome(rawValue: "proceeded")
        public static let denied = Outcome(rawValue: "denied")
        public static let redirected = Outcome(rawValue: "redirected")
        public static let connected = Outcome(rawValue: "connected")
    }

    public init(
        request: SignalRequest, user: UserSnapshot?, sociallogin: SocialLoginSnapshot, outcome: Outcome,
        reason: String? = nil
    ) {
        self.request = request
        self.user = user
        self.sociallogin = sociallogin
        self.outcome = outcome
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, sociallogin, outcome, reason
    }
}

extension PreSocialLogin.Outcome: OpenEnumeration {
    public static let knownValues: [PreSocialLogin.Outcome] = [.proceeded, .denied, .redirected, .connected]
}
