// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// Administration of users, for the embedding application. Do not expose these calls to clients.
///
/// Except for ``confirmEmail(_:of:)`` they emit no signal, like allauth. An application can emit its own signals.
public struct Users: Sendable {
    let accounts: Accounts

    /// The user with that id.
    public func user(id: User.ID) async throws -> User? {
        try await accounts.store.read { try $0.user(id: id) }
    }

    /// The user's addresses, the primary first.
    public func emailAddresses(of id: User.ID) async throws -> [EmailAddress] {
        try await accounts.store.read { try $0.emailAddresses(of: id) }
    }

    /// Locks a user out: ends all their sessions and prevents any log-in until ``activate(_:)``.
    ///
    /// - Returns: false if the user does not exist.
    @discardableResult
    public func deactivate(_ id: User.ID) async throws -> Bool {
        try await change(id) { user, transaction in
            user.isActive = false
            _ = try transaction.deleteSessions(of: user.id, except: nil)
        }
    }

    /// Allows a user to log in again.
    ///
    /// - Returns: false if the user does not exist.
    @discardableResult
    public func activate(_ id: User.ID) async throws -> Bool {
        try await change(id) { user, _ in user.isActive = true }
    }

    /// Deletes a user with their addresses and sessions. The id is never reused.
    ///
    /// - Returns: false if the user does not exist.
    @discardableResult
    public func delete(_ id: User.ID) async throws -> Bool {
        try await accounts.store.transaction { transaction in
            guard let user = try transaction.user(id: id) else { return false }
            try transaction.delete(user)
            return true
        }
    }

    private func change(
        _ id: User.ID, _ body: @escaping @Sendable (inout User, any AccountTransaction) throws -> Void
    ) async throws -> Bool {
        try await accounts.store.transaction { transaction in
            guard var user = try transaction.user(id: id) else { return false }
            try body(&user, transaction)
            try transaction.update(user)
            return true
        }
    }
}

extension Accounts {
    /// The users.
    public var users: Users { Users(accounts: self) }
}
