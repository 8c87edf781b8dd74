// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals

/// An account with its addresses, as an operator sees it.
public struct UserRecord: Sendable {
    /// The account.
    public var user: User
    /// The user's addresses: the primary first, then in the order in which they were added.
    public var emailAddresses: [EmailAddress]
    /// The user in the form that payloads contain.
    public var snapshot: UserSnapshot

    /// Reads the addresses of a user.
    package init(_ user: User, from reading: any AccountReading) throws {
        self.user = user
        emailAddresses = try reading.emailAddresses(of: user.id)
        snapshot = try reading.snapshot(of: user)
    }
}

/// Consecutive accounts of a store.
public struct UserPage: Sendable {
    /// The accounts in the order of their ids, which is the order in which they were created.
    public var users: [UserRecord]
    /// The highest sequence number of a signal that was committed when the page was read: the accounts are as they were
    /// after that signal and before the next one.
    public var sequence: Int64

    package init(users: [UserRecord], sequence: Int64) {
        self.users = users
        self.sequence = sequence
    }
}
