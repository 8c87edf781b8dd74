// SPDX-License-Identifier: Apache-2.0

/// A connected account was used again and its data was updated.
///
/// Source: allauth `socialaccount.signals.social_account_updated`.
public struct SocialAccountUpdated: UserSignal, Hashable {
    public static let name: SignalName = "socialaccount.social_account_updated"
    public static let summary = "a connected account was used again and its data brought up to date"

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
