// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A stored social account as it was when the signal was emitted: `data.socialaccount`.
public struct SocialAccountSnapshot: Hashable, Sendable {
    /// Opaque and never reused, even after the account was removed.
    public var id: String
    public var provider: String
    /// The user's id at the provider.
    public var uid: String
    public var dateJoined: Date
    public var lastLogin: Date?
    /// The provider's profile. Personal: absent in the `thin` profile.
    @Personal public var extraData: JSONValue?

    public init(
        id: String, provider: String, uid: String, dateJoined: Date, lastLogin: Date?,
        extraData: JSONValue? = nil
    ) {
        self.id = id
        self.provider = provider
        self.uid = uid
        self.dateJoined = dateJoined
        self.lastLogin = lastLogin
        self.extraData = extraData
    }
}

extension SocialAccountSnapshot: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, provider, uid, dateJoined = "date_joined", lastLogin = "last_login", extraData = "extra_data"
    }
}
