// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// A person's account at a provider, connected to a user.
public struct SocialAccount: Hashable, Sendable, Identifiable {
    /// UUID version 7, never reused.
    public var id: UUID
    public var userID: User.ID
    public var provider: String
    /// Unique with `provider`.
    public var uid: String
    public var dateJoined: Date
    public var lastLogin: Date?
    /// The profile as the provider told it last.
    public var extraData: JSONValue

    public init(
        id: UUID, userID: User.ID, provider: String, uid: String, dateJoined: Date, lastLogin: Date? = nil,
        extraData: JSONValue = .object([:])
    ) {
        self.id = id
        self.userID = userID
        self.provider = provider
        self.uid = uid
        self.dateJoined = dateJoined
        self.lastLogin = lastLogin
        self.extraData = extraData
    }

    /// The account as a payload shows it.
    public var snapshot: SocialAccountSnapshot {
        SocialAccountSnapshot(
            id: id.wireText, provider: provider, uid: uid, dateJoined: dateJoined, lastLogin: lastLogin,
            extraData: extraData)
    }
}
