// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation

/// What can be asked of the store.
public protocol AccountReading {
    func user(id: User.ID) throws -> User?
    /// By ``Username/key(of:)``.
    func user(username: String) throws -> User?
    func emailAddress(id: EmailAddress.ID) throws -> EmailAddress?
    /// The user's addresses: the primary first, then in the order in which they were added.
    func emailAddresses(of user: User.ID) throws -> [EmailAddress]
    /// Every user's row of that address, by ``EmailAddress/key(of:)``, verified ones first.
    func emailAddresses(matching email: String) throws -> [EmailAddress]
    /// The session of that token's SHA-256, expired or not.
    func session(tokenHash: Data) throws -> Session?
    /// The user's sessions that have not expired at `now`, newest first.
    func sessions(of user: User.ID, now: Date) throws -> [Session]
    func socialAccount(provider: String, uid: String) throws -> SocialAccount?
    /// The user's accounts at providers, in the order in which they were connected.
    func socialAccounts(of user: User.ID) throws -> [SocialAccount]
    /// The token that is stored with an account at a provider.
    func providerToken(of account: SocialAccount.ID) throws -> ProviderToken?
}

/// What can be done in a transaction of the store.
public protocol AccountTransaction: AccountReading {
    /// The transaction's time: one for all its rows and signals, in whole milliseconds.
    var now: Date { get }

    /// Writes a signal to the outbox: it is published if, and only if, the transaction commits. In-process
    /// receivers run after the commit.
    ///
    /// - Throws: `SignalError` where it is too large; the transaction is then to be given up.
    func emit(_ signal: some Signal) throws

    /// Queues a mail: it is delivered if, and only if, the transaction commits.
    func queue(_ mail: MailDraft) throws

    // Inserts and updates throw `StoreConflict` where a unique constraint would be broken.
    func insert(_ user: User) throws
    func update(_ user: User) throws
    /// Deletes a user with everything that is theirs.
    func delete(_ user: User) throws

    func insert(_ address: EmailAddress) throws
    func update(_ address: EmailAddress) throws
    func delete(_ address: EmailAddress) throws

    func insert(_ session: Session) throws
    func update(_ session: Session) throws
    func delete(_ session: Session) throws
    /// Moves a session's ``Session/lastSeenAt`` on to a time; nothing where it is gone or was seen later.
    func markSeen(_ session: Session.ID, at time: Date) throws
    /// Ends all sessions of a user but one.
    ///
    /// - Returns: how many that had not expired.
    func deleteSessions(of user: User.ID, except kept: Session.ID?) throws -> Int
    /// Deletes what has expired at `now`, at most `limit` rows.
    func deleteExpiredSessions(limit: Int) throws -> Int

    func insert(_ account: SocialAccount) throws
    func update(_ account: SocialAccount) throws
    /// Deletes an account at a provider, with its token.
    func delete(_ account: SocialAccount) throws
    /// Stores a provider's token, sealed, in place of the one that is stored with the account.
    func store(_ token: ProviderToken, of account: SocialAccount.ID) throws

    /// Remembers a token that is good for one use, for every process of the store, until it expires.
    ///
    /// - Returns: false if it was used before.
    func use(_ token: OneTimeToken) throws -> Bool
}
