// SPDX-License-Identifier: Apache-2.0

/// A social account was disconnected.
///
/// Source: allauth `socialaccount.signals.social_account_removed`.
public struct SocialAccountRemoved: UserSignal, Hashable {
    public static let name: SignalName = "socialaccount.social_account_removed"
    public static let summary = "a social account was disconnected"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The account as it was before it was removed.
    public var socialaccount: SocialAccountSnapshot

    public init(request: SignalRequest, user: UserSnapshot, socialaccount: SocialAccountSnapshot) {
        self.request = request
        self.user = user
        self.socialaccount = socialaccount
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, socialaccount
    }
}
