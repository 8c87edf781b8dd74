// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A user as they were when the signal was emitted: `data.user`.
public struct UserSnapshot: Hashable, Sendable {
    /// Opaque and never reused; a UUID in lower case.
    public var id: String
    /// The primary address. Personal: absent in the `thin` profile.
    @Personal public var email: String?
    /// Personal: absent in the `thin` profile.
    @Personal public var username: String?
    public var isActive: Bool
    public var dateJoined: Date
    public var lastLogin: Date?

    /// The maximum length of a username in bytes. Older stores may contain longer ones, which must not make every
    /// signal of their user too large.
    private static let longestUsername = 600

    public init(
        id: String, email: String?, username: String?, isActive: Bool, dateJoined: Date, lastLogin: Date?
    ) {
        self.id = id.asSubject
        self.email = email
        self.username = username?.cut(toUTF8Bytes: Self.longestUsername)
        self.isActive = isActive
        self.dateJoined = dateJoined
        self.lastLogin = lastLogin
    }
}

extension UserSnapshot: Codable {
    private enum CodingKeys: String, CodingKey {
        case id, email, username, isActive = "is_active", dateJoined = "date_joined", lastLogin = "last_login"
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            id: try container.decode(String.self, forKey: .id),
            email: try container.decodeIfPresent(String.self, forKey: .email),
            username: try container.decodeIfPresent(String.self, forKey: .username),
            isActive: try container.decode(Bool.self, forKey: .isActive),
            dateJoined: try container.decode(Date.self, forKey: .dateJoined),
            lastLogin: try container.decodeIfPresent(Date.self, forKey: .lastLogin))
    }
}
