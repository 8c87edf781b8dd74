// SPDX-License-Identifier: Apache-2.0

/// An administrator locked a user out; their sessions have ended (``SessionEnded``).
public struct UserDeactivated: UserSignal, Hashable {
    public static let name: SignalName = "account.user_deactivated"
    public static let summary = "a user was locked out by an administrator"

    public var request: SignalRequest
    /// The user, with `is_active` false.
    public var user: UserSnapshot

    public init(request: SignalRequest, user: UserSnapshot) {
        self.request = request
        self.user = user
    }

    private enum CodingKeys: String, CodingKey {
        case request, user
    }
}
