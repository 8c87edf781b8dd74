// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation
import GRDB

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

    /// Writes a signal that was encoded already.
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
        try conflicts(of: user) {
            try database.run(
                """
                INSERT INTO auth_user
                    (id, username, username_key, is_active, date_joined, last_login, password_hash)
                VALUES
                    (:id, :username, :username_key, :is_active, :date_joined, :last_login, :password_hash)
                """, user.columns)
        }
    }

    public func update(_ user: User) throws {
        try conflicts(of: user) {
            try updated(
                database.run(
                    """
                    UPDATE auth_user SET
                        username = :username, username_key = :username_key, is_active = :is_active,
                        date_joined = :date_joined, last_login = :last_login, password_hash = :password_hash
                    WHERE id = :id
                    """, user.columns))
        }
    }

    public func delete(_ user: User) throws {
        try database.run("DELETE FROM auth_user WHERE id = ?", [user.id])
    }

    // MARK: Addresses

    public func insert(_ address: EmailAddress) throws {
        try conflicts(of: address) {
            try database.run(
                """
                INSERT INTO auth_email_address (id, user_id, email, verified, is_primary)
                VALUES (:id, :user_id, :email, :verified, :is_primary)
                """, address.columns)
        }
    }

    public func update(_ address: EmailAddress) throws {
        try conflicts(of: address) {
            try updated(
                database.run(
                    """
                    UPDATE auth_email_address SET
                        user_id = :user_id, email = :email, verified = :verified, is_primary = :is_primary
                    WHERE id = :id
                    """, address.columns))
        }
    }

    public func delete(_ address: EmailAddress) throws {
        try database.run("DELETE FROM auth_email_address WHERE id = ?", [address.id])
    }

    // MARK: Sessions

    public func insert(_ session: Session) throws {
        try database.run(
            """
            INSERT INTO auth_session
                (id, token_hash, user_id, client, created_at, expires_at, last_seen_at, ip, user_agent, state)
            VALUES
                (:id, :token_hash, :user_id, :client, :created_at, :expires_at, :last_seen_at, :ip,
                :user_agent, :state)
            """, sessions.columns(of: session))
    }

    public func update(_ session: Session) throws {
        try updated(
            database.run(
                """
                UPDATE auth_session SET
                    token_hash = :token_hash, user_id = :user_id, client = :client,
                    created_at = :created_at, expires_at = :expires_at, last_seen_at = :last_seen_at,
                    ip = :ip, user_agent = :user_agent, state = :state
                WHERE id = :id
                """, sessions.columns(of: session)))
    }

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
        try database.run(
            """
            DELETE FROM auth_session WHERE position IN
                (SELECT position FROM auth_session WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)
            """, [now.milliseconds, limit])
    }

    func updated(_ changes: Int) throws {
        if changes == 0 { throw StoreError(.missingRow, "the row that was to be updated is gone") }
    }
}
