// SPDX-License-Identifier: Apache-2.0
import AuthSignals
public import Foundation

/// Administration of users, for the embedding application. Do not expose these calls to clients.
///
/// A change is one transaction with its signal; a call that changes nothing emits none. Importing a user emits none
/// either.
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

    /// Locks a user out: ends all their sessions, each with `session_ended`, and prevents any log-in until
    /// ``activate(_:)``; `user_deactivated`, unless they are locked out already.
    ///
    /// - Returns: false if the user does not exist.
    @discardableResult
    public func deactivate(_ id: User.ID) async throws -> Bool {
        try await accounts.withTransaction(FlowContext()) { flow in
            guard var user = try flow.transaction.user(id: id) else { return false }
            let wasActive = user.isActive
            user.isActive = false
            try flow.transaction.update(user)
            _ = try flow.endSessions(of: user, because: .deactivated)
            if wasActive {
                try flow.transaction.emit(
                    UserDeactivated(request: flow.request, user: flow.snapshot(of: user)))
            }
            return true
        }
    }

    /// Allows a user to log in again: `user_activated`, unless they may already.
    ///
    /// - Returns: false if the user does not exist.
    @discardableResult
    public func activate(_ id: User.ID) async throws -> Bool {
        try await accounts.withTransaction(FlowContext()) { flow in
            guard var user = try flow.transaction.user(id: id) else { return false }
            guard !user.isActive else { return true }
            user.isActive = true
            try flow.transaction.update(user)
            try flow.transaction.emit(UserActivated(request: flow.request, user: flow.snapshot(of: user)))
            return true
        }
    }

    /// Deletes a user with their addresses, sessions, accounts at providers and queued mails: `session_ended` for each
    /// session, then `user_deleted`. The id is never reused. The outbox and its history keep their signals.
    ///
    /// - Returns: false if the user does not exist.
    @discardableResult
    public func delete(_ id: User.ID) async throws -> Bool {
        try await accounts.withTransaction(FlowContext()) { flow in
            guard let user = try flow.transaction.user(id: id) else { return false }
            _ = try flow.endSessions(of: user, because: .deleted)
            try flow.transaction.emit(UserDeleted(request: flow.request, user: flow.snapshot(of: user)))
            try flow.transaction.delete(user)
            return true
        }
    }

    /// Ends all sessions of a user, each with `session_ended`. They can log in again.
    ///
    /// - Returns: how many have ended; nil if the user does not exist.
    @discardableResult
    public func endSessions(of id: User.ID) async throws -> Int? {
        try await accounts.withTransaction(FlowContext()) { flow in
            guard let user = try flow.transaction.user(id: id) else { return nil }
            return try flow.endSessions(of: user, because: .endedByOperator)
        }
    }
}

extension Accounts {
    /// The users.
    public var users: Users { Users(accounts: self) }
}
