// SPDX-License-Identifier: Apache-2.0
public import AuthFlows

/// Users whose addresses turned out to be the same when the store was migrated to keys with A-labels.
///
/// Nothing is merged, because only a person can decide whose account is kept. Each of the users can still log in and
/// reset their password; no other user can add the address.
public struct DuplicateEmail: Hashable, Sendable {
    /// The users who have the address, the one who had it first before the others; one user who has it twice is
    /// listed twice.
    public var users: [User.ID]

    /// - Parameter users: those who have the address, the one who had it first before the others.
    public init(users: [User.ID]) { self.users = users }
}
