// SPDX-License-Identifier: Apache-2.0

/// An e-mail address as a provider told it: an element of `sociallogin.email_addresses`.
///
/// Unlike ``EmailAddressSnapshot`` it may be nobody's here, and has no id then.
public struct ProviderAddressSnapshot: Hashable, Sendable {
    /// The id of the user's address, where it is stored.
    public var id: String?
    /// Lower case, at most 254 bytes. Personal: absent in the `thin` profile.
    public var email: String?
    /// Whether the provider vouches for it.
    public var verified: Bool
    public var primary: Bool

    public init(id: String? = nil, email: String?, verified: Bool, primary: Bool) {
        self.id = id
        self.email = email
        self.verified = verified
        self.primary = primary
    }
}

extension ProviderAddressSnapshot: Codable {
    private enum CodingKeys: String, CodingKey { case id, email, verified, primary }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(id, forKey: .id)
        try container.encode(verified, forKey: .verified)
        try container.encode(primary, forKey: .primary)
        guard encoder.payloadProfile.carriesPersonalData else { return }
        try container.encodeIfPresent(email, forKey: .email)
    }
}
