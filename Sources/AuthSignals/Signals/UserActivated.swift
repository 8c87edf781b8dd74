// SPDX-License-Identifier: Apache-2.0

/// An administrator allowed a deactivated user to log in again.
public struct UserActivated: UserSignal, Hashable {
    public static let name: SignalName = "account.user_activated"
    public static let summary = "a deactivated user may log in again"

    public var request: SignalRequest
    /// The user, with `is_active` true.
    public var user: UserSnapshot

    public init(request: SignalRequest, user: UserSnapshot) {
        self.request = request
        self.user = user
    }

    private enum CodingKeys: String, CodingKey {
        case request, user
    }
}
