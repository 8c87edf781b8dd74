// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// A user.
public struct User: Hashable, Sendable, Identifiable {
    /// UUID version 7, never reused. Foundation prints it in upper case; signals contain ``subject``.
    public var id: UUID
    /// As the user typed it; looked up by ``Username/key(of:)``.
    public var username: String?
    /// Whether the user may log in.
    public var isActive: Bool
    public var dateJoined: Date
    public var lastLogin: Date?
    /// Nil if the user has no usable password.
    public var passwordHash: PasswordHash?
    /// The language of mails to the user, and of pages while the user is logged in; nil follows the request. It is
    /// part of no signal.
    public var language: Language?

    public init(
        id: UUID, username: String? = nil, isActive: Bool = true, dateJoined: Date, lastLogin: Date? = nil,
        passwordHash: PasswordHash? = nil, language: Language? = nil
    ) {
        self.id = id
        self.username = username
        self.isActive = isActive
        self.dateJoined = dateJoined
        self.lastLogin = lastLogin
        self.passwordHash = passwordHash
        self.language = language
    }

    /// The user in the form that payloads contain.
    ///
    /// - Parameter addresses: the user's addresses.
    func snapshot(with addresses: [EmailAddress]) -> UserSnapshot {
        UserSnapshot(
            id: id.wireText, email: addresses.first { $0.primary }?.email, username: username,
            isActive: isActive, dateJoined: dateJoined, lastLogin: lastLogin)
    }

    /// The id in lower case, as signals, queues and commands contain it. An application stores this as the user's id.
    public var subject: String { id.wireText }
}
