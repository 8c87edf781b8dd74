// SPDX-License-Identifier: Apache-2.0

/// An account was created; usually followed by ``UserLoggedIn``, unless the address must be verified first.
///
/// Source: allauth `account.signals.user_signed_up`.
public struct UserSignedUp: UserSignal, Hashable {
    public static let name: SignalName = "account.user_signed_up"
    public static let summary = "an account was created; usually followed by account.user_logged_in"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// Set if the account was created through a provider.
    public var sociallogin: SocialLoginSnapshot?

    public init(request: SignalRequest, user: UserSnapshot, sociallogin: SocialLoginSnapshot? = nil) {
        self.request = request
        self.user = user
        self.sociallogin = sociallogin
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, sociallogin
    }
}
