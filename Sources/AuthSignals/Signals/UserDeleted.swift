// SPDX-License-Identifier: Apache-2.0

/// A user was deleted, with their addresses, sessions and accounts at providers.
public struct UserDeleted: UserSignal, Hashable {
    public static let name: SignalName = "account.user_deleted"
    public static let summary = "a user was deleted with all of their rows"

    public var request: SignalRequest
    /// The user as they were before they were deleted. The id is never reused.
    public var user: UserSnapshot

    public init(request: SignalRequest, user: UserSnapshot) {
        self.request = request
        self.user = user
    }

    private enum CodingKeys: String, CodingKey {
        case request, user
    }
}
