// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

/// A write transaction of the store.
///
/// ```swift
/// try await store.transaction { transaction in
///     try transaction.database.execute(sql: "INSERT INTO invoice …")
///     try transaction.emit(InvoicePaid(…))
/// }
/// ```
public final class SQLiteTransaction: SQLiteReading, AccountTransaction {
    public let now: Date
    private let store: SQLiteStore

    override init(_ database: Database, _ store: SQLiteStore) {
        self.store = store
        now = store.clock.now().wholeMilliseconds
        super.init(database, store)
    }

    // MARK: Signals and mails

    public func emit(_ signal: some Signal) throws {
        try emit(store.codec.draft(signal, at: now))
    }

    /// Writes a signal that is already encoded.
    package func emit(_ draft: SignalDraft) throws {
        let trace = draft.trace.isEmpty ? nil : try SignalCodec.encoder().encode(draft.trace)
        try database.run(
            """
            INSERT INTO auth_outbox
                (message_id, name, schema_version, subject, time, correlation_id, trace, data)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                draft.id, draft.name.rawValue, draft.schemaVersion, draft.subject, draft.time.milliseconds,
                draft.correlationID, trace, draft.data,
            ])
        store.commits.emitted(OutboxRow(sequence: database.lastInsertedRowID, draft: draft))
    }

    public func queue(_ mail: MailDraft) throws {
        let id = UUID.version7(at: now)
        let draft = try store.keys.seal(
            SignalCodec.encoder().encode(mail), for: .mail, context: id.wireText)
        try database.run(
            "INSERT INTO auth_mail (id, queued_at, due_at, draft) VALUES (?, ?, ?, ?)",
            [id, now.milliseconds, now.milliseconds, draft])
    }

    // MARK: Users

    public func insert(_ user: User) throws {
        try conflicts(of: user) { try database.insert(user.row) }
    }

    public func update(_ user: User) throws {
        try conflicts(of: user) { try database.update(user.row) }
    }

    public func delete(_ user: User) throws {
        for mail in try mails(to: user.id.wireText).found {
            try database.run("DELETE FROM auth_mail WHERE id = ?", [mail])
        }
        try database.run("DELETE FROM auth_user WHERE id = ?", [user.id])
    }

    public func beginSignup(of user: User.ID) throws {
        try database.run("INSERT OR IGNORE INTO auth_pending_signup (user_id) VALUES (?)", [user])
    }

    public func completeSignup(of user: User.ID) throws -> Bool {
        try database.run("DELETE FROM auth_pending_signup WHERE user_id = ?", [user]) > 0
    }

    // MARK: Addresses

    public func insert(_ address: EmailAddress) throws {
        try conflicts(of: address) { try database.insert(address.row) }
    }

    public func update(_ address: EmailAddress) throws {
        try conflicts(of: address) { try database.update(address.row) }
    }

    public func delete(_ address: EmailAddress) throws {
        try database.run("DELETE FROM auth_email_address WHERE id = ?", [address.id])
    }

    // MARK: Sessions

    public func insert(_ session: Session) throws { try database.insert(sessions.row(of: session)) }

    public func update(_ session: Session) throws { try database.update(sessions.row(of: session)) }

    public func delete(_ session: Session) throws {
        try database.run("DELETE FROM auth_session WHERE id = ?", [session.id])
    }

    public func markSeen(_ session: Session.ID, at time: Date) throws {
        let time = time.milliseconds
        try database.run(
            "UPDATE auth_session SET last_seen_at = ? WHERE id = ? AND last_seen_at < ?",
            [time, session, time])
    }

    public func deleteSessions(of user: User.ID, except kept: Session.ID?) throws -> Int {
        let live: Int? = try database.value(
            "SELECT count(*) FROM auth_session WHERE user_id = ? AND id IS NOT ? AND expires_at > ?",
            [user, kept, now.milliseconds])
        try database.run("DELETE FROM auth_session WHERE user_id = ? AND id IS NOT ?", [user, kept])
        return live ?? 0
    }

    public func deleteExpiredSessions(limit: Int) throws -> Int {
        let expired = try database.rows(
            """
            SELECT position, id, user_id, created_at, expires_at FROM auth_session
            WHERE expires_at <= ? ORDER BY expires_at LIMIT ?
            """, [now.milliseconds, limit])
        let request = SignalRequest()
        for row in expired {
            try database.run("DELETE FROM auth_session WHERE position = ?", [row["position"] as Int64])
            // Rows that another program has changed must not stop the others: neither if they are unreadable, nor if
            // they make the signal too large.
            guard let (user, session) = (try? ownerAndSession(in: row)) ?? nil else { continue }
            do {
                try emit(SessionEnded(request: request, user: user, session: session, reason: .expired))
            } catch is SignalError {}
        }
        return expired.count
    }

    /// The user and the session of a row of `auth_session`; nil if it is anonymous.
    private func ownerAndSession(in row: Row) throws -> (UserSnapshot, SessionSnapshot)? {
        guard let owner: UUID = try row.decode(forColumn: "user_id"), let user = try user(id: owner) else {
            return nil
        }
        let id: UUID = try row.decode(forColumn: "id")
        let session = SessionSnapshot(
            id: id.wireText, createdAt: Date(milliseconds: row["created_at"]),
            expiresAt: Date(milliseconds: row["expires_at"]))
        return (try snapshot(of: user), session)
    }
}

extension SQLiteTransaction {
    public func insert(_ account: SocialAccount) throws {
        try conflicts(of: account) { try database.insert(account.row()) }
    }

    public func update(_ account: SocialAccount) throws {
        try conflicts(of: account) { try database.update(account.row()) }
    }

    public func delete(_ account: SocialAccount) throws {
        try database.run("DELETE FROM auth_social_account WHERE id = ?", [account.id])
    }

    public func store(_ token: ProviderToken, of account: SocialAccount.ID) throws {
        let sealed = try token.sealed(with: keys, context: account.wireText)
        try database.run(
            """
            INSERT INTO auth_social_token (account_id, token) VALUES (?, ?)
            ON CONFLICT (account_id) DO UPDATE SET token = excluded.token
            """, [account, sealed])
    }

    public func use(_ token: OneTimeToken) throws -> Bool {
        // Each use deletes some expired rows. They are kept for a day longer than necessary: if the clock is ahead for
        // a moment, no token is forgotten that becomes valid again when the clock is corrected.
        try database.run(
            """
            DELETE FROM auth_one_time_token WHERE id IN
                (SELECT id FROM auth_one_time_token WHERE expires_at <= ? ORDER BY expires_at LIMIT 100)
            """, [now.addingTimeInterval(-86_400).milliseconds])
        // The issuer can set any number as the expiry.
        let longest = now.addingTimeInterval(315_360_000)
        return try database.run(
            "INSERT OR IGNORE INTO auth_one_time_token (id, expires_at) VALUES (?, ?)",
            [token.idHash, min(max(token.expiresAt, now), longest).milliseconds]) > 0
    }
}
