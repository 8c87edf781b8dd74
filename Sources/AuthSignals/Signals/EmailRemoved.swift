// SPDX-License-Identifier: Apache-2.0

/// An address was removed from an account.
///
/// Source: allauth `account.signals.email_removed`.
public struct EmailRemoved: UserSignal, Hashable {
    public static let name: SignalName = "account.email_removed"
    public static let summary = "an address was removed from an account"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The address as it was before it was removed.
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
