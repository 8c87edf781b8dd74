// SPDX-License-Identifier: Apache-2.0

/// The state of an existing account, for a new subscriber that did not receive the signals of its past.
///
/// The command `auth-signals users announce` publishes it to one queue. No flow emits it.
public struct UserSnapshotTaken: UserSignal, Hashable {
    public static let name: SignalName = "account.user_snapshot"
    public static let summary = "the state of an existing account, for a new subscriber; emitted by no flow"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The user's addresses, the primary first, at most 16.
    public var emailAddresses: [EmailAddressSnapshot]

    /// - Parameters:
    ///   - request: the request that caused the signal.
    ///   - user: the user.
    ///   - emailAddresses: the first 16 are kept.
    public init(request: SignalRequest, user: UserSnapshot, emailAddresses: [EmailAddressSnapshot]) {
        self.request = request
        self.user = user
        self.emailAddresses = Array(emailAddresses.prefix(16))
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, emailAddresses = "email_addresses"
    }
}
