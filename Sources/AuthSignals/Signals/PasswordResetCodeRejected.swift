// SPDX-License-Identifier: Apache-2.0

/// A wrong password reset code was entered.
///
/// Source: allauth `account.signals.password_reset_code_rejected` (65.16).
public struct PasswordResetCodeRejected: UserSignal, Hashable {
    public static let name: SignalName = "account.password_reset_code_rejected"
    public static let summary = "a wrong password reset code was entered"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// Whether no attempt is left.
    public var lastAttempt: Bool

    public init(request: SignalRequest, user: UserSnapshot, lastAttempt: Bool) {
        self.request = request
        self.user = user
        self.lastAttempt = lastAttempt
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, lastAttempt = "last_attempt"
    }
}
