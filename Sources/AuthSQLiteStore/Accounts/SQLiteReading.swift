// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation
public import GRDB
import SQLiteSupport

/// A consistent view of the store.
public class SQLiteReading: AccountReading {
    /// The connection, with the view's transaction open: an application can read its own rows on it.
    public let database: Database
    let sessions: SealedSessions
    let keys: KeyRing

    init(_ database: Database, _ store: SQLiteStore) {
        self.database = database
        keys = store.keys
        sessions = SealedSessions(keys: store.keys, logger: store.logger)
    }

    init(_ database: Database, keys: KeyRing, _ sessions: SealedSessions) {
        self.database = database
        self.keys = keys
        self.sessions = sessions
    }

    public func user(id: User.ID) throws -> User? {
        try database.row("SELECT * FROM auth_user WHERE id = ?", [id]).map(User.init(row:))
    }

    public func user(username: String) throws -> User? {
        try database.row("SELECT * FROM auth_user WHERE username_key = ?", [Username.key(of: username)])
            .map(User.init(row:))
    }

    public func emailAddress(id: EmailAddress.ID) throws -> EmailAddress? {
        try database.row("SELECT * FROM auth_email_address WHERE id = ?", [id]).map(EmailAddress.init(row:))
    }

    public func emailAddresses(of user: User.ID) throws -> [EmailAddress] {
        try database.rows(
            "SELECT * FROM auth_email_address WHERE user_id = ? ORDER BY is_primary DESC, position", [user]
        ).map(EmailAddress.init(row:))
    }

    public func emailAddresses(matching email: String) throws -> [EmailAddress] {
        try database.rows(
            "SELECT * FROM auth_email_address WHERE email_key = ? ORDER BY verified DESC, position",
            [EmailAddress.key(of: email)]
        ).map(EmailAddress.init(row:))
    }

    public func session(tokenHash: Data) throws -> Session? {
        try database.row("SELECT * FROM auth_session WHERE token_hash = ?", [tokenHash])
            .map(sessions.open)
    }

    public func sessions(of user: User.ID, now: Date) throws -> [Session] {
        try database.rows(
            """
            SELECT * FROM auth_session WHERE user_id = ? AND expires_at > ?
            ORDER BY created_at DESC, position DESC
            """, [user, now.milliseconds]
        ).map(sessions.open)
    }

    public func socialAccount(provider: String, uid: String) throws -> SocialAccount? {
        try database.row("SELECT * FROM auth_social_account WHERE provider = ? AND uid = ?", [provider, uid])
            .map(SocialAccount.init(row:))
    }

    public func socialAccounts(of user: User.ID) throws -> [SocialAccount] {
        try database.rows("SELECT * FROM auth_social_account WHERE user_id = ? ORDER BY position", [user])
            .map(SocialAccount.init(row:))
    }

    public func providerToken(of account: SocialAccount.ID) throws -> ProviderToken? {
        let sealed: Data? = try database.value(
            "SELECT token FROM auth_social_token WHERE account_id = ?", [account])
        return try sealed.map { try ProviderToken(opening: $0, with: keys, context: account.wireText) }
    }
}

extension AccountReading {
    /// GRDB's connection, with the transaction open, if the store is SQLite: rows that a hook or the body of a flow
    /// writes on it are committed together with the store's rows, signals and mails.
    public var sqlite: Database? { (self as? SQLiteReading)?.database }
}
