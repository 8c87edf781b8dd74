// SPDX-License-Identifier: Apache-2.0

/// A password reset was completed.
///
/// Source: allauth `account.signals.password_reset`.
public struct PasswordReset: UserSignal, Hashable {
    public static let name: SignalName = "account.password_reset"
    public static let summary = "a password reset was completed"

    public var request: SignalRequest
    public var user: UserSnapshot

    public init(request: SignalRequest, user: UserSnapshot) {
        self.request = request
        self.user = user
    }

    private enum CodingKeys: String, CodingKey {
        case request, user
    }
}
