// SPDX-License-Identifier: Apache-2.0

/// A wrong e-mail verification code was entered.
///
/// Source: allauth `account.signals.email_verification_code_rejected` (65.16).
public struct EmailVerificationCodeRejected: UserSignal, Hashable {
    public static let name: SignalName = "account.email_verification_code_rejected"
    public static let summary = "a wrong e-mail verification code was entered"

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
