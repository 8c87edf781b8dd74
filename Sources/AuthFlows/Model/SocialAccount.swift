// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// An account at a provider that is connected to a user.
public struct SocialAccount: Hashable, Sendable, Identifiable {
    /// UUID version 7, never reused.
    public var id: UUID
    public var userID: User.ID
    public var provider: String
    /// Unique with `provider`.
    public var uid: String
    public var dateJoined: Date
    public var lastLogin: Date?
    /// The profile as the provider last sent it.
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

    /// The account in the form that payloads contain.
    public var snapshot: SocialAccountSnapshot {
        SocialAccountSnapshot(
            id: id.wireText, provider: provider, uid: uid, dateJoined: dateJoined, lastLogin: lastLogin,
            extraData: extraData)
    }
}
