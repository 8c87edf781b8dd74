// SPDX-License-Identifier: Apache-2.0

/// An e-mail address as reported by a provider: an element of `sociallogin.email_addresses`.
///
/// Unlike ``EmailAddressSnapshot`` it may belong to no user here; then it has no id.
public struct ProviderAddressSnapshot: Hashable, Sendable {
    /// The id of the user's stored address, if one exists.
    public var id: String?
    /// Lower case, at most 254 bytes. Personal: absent in the `thin` profile.
    @Personal public var email: String?
    /// Whether the provider has verified it.
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
}
