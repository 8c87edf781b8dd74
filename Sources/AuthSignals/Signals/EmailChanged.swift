// SPDX-License-Identifier: Apache-2.0

/// The primary address changed.
///
/// Source: allauth `account.signals.email_changed`.
public struct EmailChanged: UserSignal, Hashable {
    public static let name: SignalName = "account.email_changed"
    public static let summary = "the primary address changed"

    public var request: SignalRequest
    public var user: UserSnapshot
    /// The former primary address, if one existed.
    public var fromEmailAddress: EmailAddressSnapshot?
    /// The new primary address.
    public var toEmailAddress: EmailAddressSnapshot

    public init(
        request: SignalRequest, user: UserSnapshot, fromEmailAddress: EmailAddressSnapshot?,
        toEmailAddress: EmailAddressSnapshot
    ) {
        self.request = request
        self.user = user
        self.fromEmailAddress = fromEmailAddress
        self.toEmailAddress = toEmailAddress
    }

    private enum CodingKeys: String, CodingKey {
        case request, user, fromEmailAddress = "from_email_address", toEmailAddress = "to_email_address"
    }
}
