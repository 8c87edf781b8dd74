// SPDX-License-Identifier: Apache-2.0

/// The mail transport accepted a confirmation mail.
///
/// Source: allauth `account.signals.email_confirmation_sent`.
public struct EmailConfirmationSent: UserSignal, Hashable {
    public static let name: SignalName = "account.email_confirmation_sent"
    public static let summary = "the mail transport accepted a confirmation mail"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The method and the expiry; never the key or the code.
    public var confirmation: ConfirmationSnapshot
    /// Whether it belongs to a sign-up.
    public var signup: Bool

    public init(
        request: SignalRequest, user: UserSnapshot, confirmation: ConfirmationSnapshot, signup: Bool
    ) {
        self.request = request
        self.user = user
        self.confirmation = confirmation
        self.signup = signup
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, confirmation, signup
    }
}
