// SPDX-License-Identifier: Apache-2.0

/// A user who signed up has a proved address; emitted once for each account, whichever way proved the address.
///
/// It follows ``EmailConfirmed``, or ``UserSignedUp`` if the address was already verified then: by a provider, or by an
/// invitation. An account without a proved address has no such signal, nor has an imported user.
public struct SignupCompleted: UserSignal, Hashable {
    public static let name: SignalName = "account.signup_completed"
    public static let summary = "a user who signed up has a proved address, once for each account"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The address that was proved first.
    public var emailAddress: EmailAddressSnapshot

    public init(request: SignalRequest, user: UserSnapshot, emailAddress: EmailAddressSnapshot) {
        self.request = request
        self.user = user
        self.emailAddress = emailAddress
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, emailAddress = "email_address"
    }
}
