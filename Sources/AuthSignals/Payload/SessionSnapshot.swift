// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A session as it was when the signal was emitted; its id is public and is not the token.
public struct SessionSnapshot: Hashable, Sendable, Codable {
    public var id: String
    public var createdAt: Date
    public var expiresAt: Date

    public init(id: String, createdAt: Date, expiresAt: Date) {
        self.id = id
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }

    private enum CodingKeys: String, CodingKey { case id, createdAt = "created_at", expiresAt = "expires_at" }
}
