// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// A user.
public struct User: Hashable, Sendable, Identifiable {
    /// UUID version 7, never reused. Foundation prints it in upper case; ``subject`` is what signals have.
    public var id: UUID
    /// As typed; looked up by ``Username/key(of:)``.
    public var username: String?
    /// Whether they may log in.
    public var isActive: Bool
    public var dateJoined: Date
    public var lastLogin: Date?
    /// Nil for one without a usable password.
    public var passwordHash: PasswordHash?

    public init(
        id: UUID, username: String? = nil, isActive: Bool = true, dateJoined: Date, lastLogin: Date? = nil,
        passwordHash: PasswordHash? = nil
    ) {
        self.id = id
        self.username = username
        self.isActive = isActive
        self.dateJoined = dateJoined
        self.lastLogin = lastLogin
        self.passwordHash = passwordHash
    }

    /// The id as signals, queues and commands have it: in lower case. What an application keeps of a user.
    public var subject: String { id.wireText }
}
