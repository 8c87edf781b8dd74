// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthPostgres
import AuthSignals
import AuthStore
public import Foundation

/// A consistent view of the store.
///
/// A read of a user also reads the user's addresses, and a read of a session its user, because flows need them next. What
/// was read is kept, so that reading it again needs no statement.
public class PostgresReading: AccountReading {
    let states: SealedSessionState
    let keys: KeyRing
    var cache = AccountCache()
    /// The error after which the transaction has to run again, even if the body has ignored it.
    private(set) var interruption: PostgresError?
    private let session: PostgresConnection
    /// Whether at most one statement is possible, because no transaction is open.
    private let isSingle: Bool
    private var statements = 0
    /// Whether more than one statement was necessary.
    private(set) var needsView = false

    /// - Parameter isSingle: whether no transaction is open: if ``needsView`` is true afterwards, the result is void.
    init(_ connection: PostgresConnection, _ store: PostgresStore, isSingle: Bool = false) {
        session = connection
        self.isSingle = isSingle
        keys = store.keys
        states = SealedSessionState(keys: store.keys, logger: store.logger)
    }

    /// The connection, with the transaction open: an application can read its own rows on it.
    public var connection: PostgresConnection {
        if isSingle { needsView = true }
        return session
    }

    /// Runs a statement of the store and converts its errors, except those after which the transaction runs again.
    @discardableResult
    func query(_ statement: PostgresStatement, _ values: [PostgresValue] = []) throws -> PostgresRows {
        if isSingle {
            needsView = needsView || statements > 0
            if needsView { throw NeedsView() }
            statements += 1
        }
        do {
            return try session.query(statement, values)
        } catch let error as PostgresError {
            // A cancellation of the task: the connection's thread tells it from a time-out.
            if error.state == "57014" { throw error }
            if !error.isRetryable { throw StoreError.cause(of: error, isOwn: true) }
            interruption = error
            throw error
        }
    }

    private struct NeedsView: Error {}

    /// Locks what the next statement reads. A view locks nothing.
    func lock(_ statement: PostgresStatement, _ values: [PostgresValue]) {}

    /// Called before sessions are read.
    func willReadSessions() {}

    // MARK: Users

    public func user(id: User.ID) throws -> User? {
        if let known = cache.users[id] { return known }
        lock(.lockUser, [.uuid(id)])
        return try readAccounts(.accountByID, [.uuid(id)]).first
    }

    public func user(username: String) throws -> User? {
        let key = Username.key(of: username)
        if key.isUnstorable { return nil }
        lock(.lockUserByName, [.text(key)])
        // Again for a user who has taken the name meanwhile: what is read next must not be older than the lock.
        lock(.lockUserByName, [.text(key)])
        return try readAccounts(accountByName, [.text(key)]).first
    }

    var accountByName: PostgresStatement { .accountByName }

    // MARK: Addresses

    public func emailAddress(id: EmailAddress.ID) throws -> EmailAddress? {
        lock(.lockUserByAddressID, [.uuid(id)])
        guard let user = try readAccounts(.accountByAddressID, [.uuid(id)]).first else { return nil }
        return cache.emailAddresses(of: user.id)?.first { $0.id == id }
    }

    public func emailAddresses(of user: User.ID) throws -> [EmailAddress] {
        if let known = cache.emailAddresses(of: user) { return known }
        lock(.lockUser, [.uuid(user)])
        _ = try readAccounts(.accountByID, [.uuid(user)])
        return cache.emailAddresses(of: user) ?? []
    }

    public func emailAddresses(matching email: String) throws -> [EmailAddress] {
        let text = EmailAddress.key(of: email)
        let key = AccountCache.key(text)
        if text.isUnstorable { return [] }
        if let known = cache.emailAddresses(matching: key) { return known }
        lock(addressKey: text)
        lock(.lockUsersByAddressKey, [.text(text)])
        let users = try readAccounts(.accountsByAddressKey, [.text(text)])
        cache.setOwners(users.map(\.id), of: key)
        return cache.emailAddresses(matching: key) ?? []
    }

    /// Reserves an address, which may have no row yet.
    func lock(addressKey text: String) {
        let key = AccountCache.key(text)
        if cache.isLocked(key: key) { return }
        lock(.lockAddressKey, [.text(text)])
        cache.lock(key: key)
    }

    // MARK: Sessions

    public func session(tokenHash: Data) throws -> Session? {
        if let known = cache.sessions[tokenHash] { return known }
        return try readSession(tokenHash)
    }

    public func holder(tokenHash: Data) throws -> SessionHolder? {
        guard let session = try session(tokenHash: tokenHash) else { return nil }
        guard let id = session.userID, let user = try user(id: id) else {
            return SessionHolder(session: session)
        }
        return SessionHolder(session: session, user: user, emailAddresses: try emailAddresses(of: id))
    }

    public func sessions(of user: User.ID, now: Date) throws -> [Session] {
        lock(user)
        willReadSessions()
        return try query(.sessionsOfUser, [.uuid(user), .time(now)]).map { try Session($0, opening: states) }
    }

    // MARK: Social accounts

    public func socialAccount(provider: String, uid: String) throws -> SocialAccount? {
        if provider.isUnstorable || uid.isUnstorable { return nil }
        let key: [PostgresValue] = [.text(provider), .text(uid)]
        lock(.lockAccountUID, key)
        lock(.lockUserByAccount, key)
        return try query(.socialAccountByUID, key).first.map { try SocialAccount($0) }
    }

    public func socialAccounts(of user: User.ID) throws -> [SocialAccount] {
        lock(user)
        return try query(.socialAccountsOfUser, [.uuid(user)]).map { try SocialAccount($0) }
    }

    public func providerToken(of account: SocialAccount.ID) throws -> ProviderToken? {
        try query(.tokenOfAccount, [.uuid(account)]).first.map { row in
            try ProviderToken(opening: try row.bytes(0), with: keys, context: account.wireText)
        }
    }

    /// Locks a user's row together with the next read.
    private func lock(_ user: User.ID) {
        if cache.isLocked(user) { return }
        lock(.lockUser, [.uuid(user)])
        cache.lock(user)
    }
}

extension AccountReading {
    /// PostgreSQL's connection, with the transaction open, if the store is PostgreSQL: rows that a hook or the body of a
    /// flow writes on it are committed together with the store's rows, signals and mails.
    public var postgres: PostgresConnection? { (self as? PostgresReading)?.connection }
}
