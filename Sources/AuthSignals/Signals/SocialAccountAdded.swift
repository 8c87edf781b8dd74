// SPDX-License-Identifier: Apache-2.0

/// A social account was connected to an existing user.
///
/// Source: allauth `socialaccount.signals.social_account_added`.
public struct SocialAccountAdded: UserSignal, Hashable {
    public static let name: SignalName = "socialaccount.social_account_added"
    public static let summary = "a social account was connected to an existing user"

    public var request: SignalRequest
    public var user: UserSnapshot
    public var sociallogin: SocialLoginSnapshot

    public init(request: SignalRequest, user: UserSnapshot, sociallogin: SocialLoginSnapshot) {
        self.request = request
        self.user = user
        self.sociallogin = sociallogin
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, sociallogin
    }
}
