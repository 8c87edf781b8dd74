// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// The queries of the store.
public protocol AccountReading {
    func user(id: User.ID) throws -> User?
    /// Looked up by ``Username/key(of:)``.
    func user(username: String) throws -> User?
    func emailAddress(id: EmailAddress.ID) throws -> EmailAddress?
    /// The user's addresses: the primary first, then in the order in which they were added.
    func emailAddresses(of user: User.ID) throws -> [EmailAddress]
    /// Every user's row of that address, looked up by ``EmailAddress/key(of:)``, verified ones first.
    func emailAddresses(matching email: String) throws -> [EmailAddress]
    /// The session whose token has that SHA-256, expired or not.
    func session(tokenHash: Data) throws -> Session?
    /// The session whose token has that SHA-256, expired or not, with its user and the user's addresses. This is the
    /// query of every authenticated request; the default in an extension makes three queries of it.
    func holder(tokenHash: Data) throws -> SessionHolder?
    /// The user's sessions that have not expired at `now`, newest first.
    func sessions(of user: User.ID, now: Date) throws -> [Session]
    func socialAccount(provider: String, uid: String) throws -> SocialAccount?
    /// The user's accounts at providers, in the order in which they were connected.
    func socialAccounts(of user: User.ID) throws -> [SocialAccount]
    /// The token that is stored with an account at a provider.
    func providerToken(of account: SocialAccount.ID) throws -> ProviderToken?
}

extension AccountReading {
    public func holder(tokenHash: Data) throws -> SessionHolder? {
        guard let session = try session(tokenHash: tokenHash) else { return nil }
        guard let id = session.userID, let user = try user(id: id) else {
            return SessionHolder(session: session)
        }
        return SessionHolder(
            session: session, user: user, emailAddresses: try emailAddresses(of: user.id))
    }

    /// The user in the form that payloads contain.
    package func snapshot(of user: User) throws -> UserSnapshot {
        user.snapshot(with: try emailAddresses(of: user.id))
    }
}

/// A write transaction of the store.
public protocol AccountTransaction: AccountReading {
    /// The transaction's time: the same for all its rows and signals, in whole milliseconds.
    var now: Date { get }

    /// Writes a signal to the outbox: it is published if, and only if, the transaction commits. In-process
    /// receivers run after the commit.
    ///
    /// - Throws: `SignalError` if it is too large; the transaction must then be rolled back.
    func emit(_ signal: some Signal) throws

    /// Queues a mail: it is delivered if, and only if, the transaction commits.
    func queue(_ mail: MailDraft) throws

    // Inserts and updates throw `StoreConflict` if a unique constraint would be violated, at once or when the
    // transaction commits. After a conflict the transaction can only be rolled back.
    func insert(_ user: User) throws
    func update(_ user: User) throws
    /// Deletes a user with all of their rows, and the mails to them that are queued or have failed.
    func delete(_ user: User) throws
    /// Records that a new user has no proved address yet.
    func beginSignup(of user: User.ID) throws
    /// Records that a user has a proved address.
    ///
    /// - Returns: whether ``beginSignup(of:)`` was called for the user and this method was not: true once for each
    ///   user.
    func completeSignup(of user: User.ID) throws -> Bool

    func insert(_ address: EmailAddress) throws
    func update(_ address: EmailAddress) throws
    func delete(_ address: EmailAddress) throws

    func insert(_ session: Session) throws
    func update(_ session: Session) throws
    func delete(_ session: Session) throws
    /// Sets a session's ``Session/lastSeenAt`` to a time. Does nothing if the session is deleted or was seen later.
    func markSeen(_ session: Session.ID, at time: Date) throws
    /// Deletes all sessions of a user except one.
    ///
    /// - Returns: how many of them had not expired.
    func deleteSessions(of user: User.ID, except kept: Session.ID?) throws -> Int
    /// Deletes sessions that have expired at `now`, at most `limit` of them: `session_ended` for those of users.
    func deleteExpiredSessions(limit: Int) throws -> Int

    func insert(_ account: SocialAccount) throws
    func update(_ account: SocialAccount) throws
    /// Deletes an account at a provider, with its token.
    func delete(_ account: SocialAccount) throws
    /// Stores a provider's token, sealed, and replaces the one that is stored with the account.
    func store(_ token: ProviderToken, of account: SocialAccount.ID) throws

    /// Records that a one-time token was used, for every process that shares the store, until the token expires.
    ///
    /// - Returns: false if it was used before.
    func use(_ token: OneTimeToken) throws -> Bool
}
