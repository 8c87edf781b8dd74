// SPDX-License-Identifier: Apache-2.0

/// An address became verified by its owner.
///
/// Source: allauth `account.signals.email_confirmed`.
public struct EmailConfirmed: UserSignal, Hashable {
    public static let name: SignalName = "account.email_confirmed"
    public static let summary = "an address became verified by its owner"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The address, verified.
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
