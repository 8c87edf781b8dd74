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
    public var extraData: JSONValue?

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

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(provider, forKey: .provider)
        try container.encode(uid, forKey: .uid)
        try container.encode(dateJoined, forKey: .dateJoined)
        try container.encodeIfPresent(lastLogin, forKey: .lastLogin)
        guard encoder.payloadProfile.carriesPersonalData else { return }
        try container.encodeIfPresent(extraData, forKey: .extraData)
    }
}
