// SPDX-License-Identifier: Apache-2.0
import AuthPostgres

// A transaction locks what it reads by a key, so that it stays as it was read until the transaction ends. Statements that
// only lock are sent in the same round trip as the read after them: that read is a statement of its own, whose snapshot is
// taken after the lock was acquired.
//
// NO KEY UPDATE conflicts with itself and not with the foreign keys of rows that are inserted for the user. What belongs to
// a user (addresses, social accounts) is locked by the user's row. An address or a social account that has no row yet is
// locked by a lock of its name.
extension PostgresStatement {
    static let lockUser: PostgresStatement = "SELECT 1 FROM auth_user WHERE id = $1 FOR NO KEY UPDATE"
    /// In the order of ids, so that two transactions that lock several users do not wait for each other.
    static let lockUsers: PostgresStatement =
        "SELECT 1 FROM auth_user WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE"
    static let lockUserByName: PostgresStatement =
        "SELECT 1 FROM auth_user WHERE username_key = $1 FOR NO KEY UPDATE"
    static let lockUsersByAddressKey: PostgresStatement = """
        SELECT 1 FROM auth_user WHERE id IN (SELECT user_id FROM auth_email_address WHERE email_key = $1)
        ORDER BY id FOR NO KEY UPDATE
        """
    static let lockUserByAddressID: PostgresStatement = """
        SELECT 1 FROM auth_user WHERE id = (SELECT user_id FROM auth_email_address WHERE id = $1)
        FOR NO KEY UPDATE
        """
    static let lockUserByAccount: PostgresStatement = """
        SELECT 1 FROM auth_user
        WHERE id = (SELECT user_id FROM auth_social_account WHERE provider = $1 AND uid = $2)
        FOR NO KEY UPDATE
        """
    static let lockSession: PostgresStatement = "SELECT 1 FROM auth_session WHERE token_hash = $1 FOR UPDATE"
    static let lockUserBySession: PostgresStatement = """
        SELECT 1 FROM auth_user WHERE id = (SELECT user_id FROM auth_session WHERE token_hash = $1)
        FOR NO KEY UPDATE
        """
    static let lockSessions: PostgresStatement =
        "SELECT 1 FROM auth_session WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE"
    static let lockAddressKey: PostgresStatement =
        "SELECT pg_advisory_xact_lock(hashtextextended('email:' || $1::text, 0))"
    static let lockAccountUID: PostgresStatement =
        "SELECT pg_advisory_xact_lock(hashtextextended('social:' || $1::text || ' ' || $2::text, 0))"
    /// One process at a time deletes expired sessions. The key contains the table, because these locks are the
    /// database's, and two schemas may each have a store.
    static let lockExpiry: PostgresStatement =
        "SELECT pg_try_advisory_xact_lock('auth_session'::regclass::oid::int, 3)"
}
