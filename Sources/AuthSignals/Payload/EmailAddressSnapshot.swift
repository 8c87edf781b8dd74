// SPDX-License-Identifier: Apache-2.0

/// An e-mail address of a user as it was when the signal was emitted.
public struct EmailAddressSnapshot: Hashable, Sendable {
    /// Opaque and never reused, even after the address was removed.
    public var id: String
    /// Lower case, at most 254 bytes. Personal: absent in the `thin` profile.
    @Personal public var email: String?
    public var verified: Bool
    public var primary: Bool

    public init(id: String, email: String?, verified: Bool, primary: Bool) {
        self.id = id
        self.email = email
        self.verified = verified
        self.primary = primary
    }
}

extension EmailAddressSnapshot: Codable {
    private enum CodingKeys: String, CodingKey { case id, email, verified, primary }
}
