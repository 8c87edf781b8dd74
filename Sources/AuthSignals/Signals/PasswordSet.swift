// SPDX-License-Identifier: Apache-2.0

/// The first password of a user who had none.
///
/// Source: allauth `account.signals.password_set`.
public struct PasswordSet: UserSignal, Hashable {
    public static let name: SignalName = "account.password_set"
    public static let summary = "the first password of a user who had none"

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
