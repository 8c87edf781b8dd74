// SPDX-License-Identifier: Apache-2.0

/// An address was added to an account.
///
/// Source: allauth `account.signals.email_added`.
public struct EmailAdded: UserSignal, Hashable {
    public static let name: SignalName = "account.email_added"
    public static let summary = "an address was added to an account"

    public var request: SignalRequest
    public var user: UserSnapshot
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
