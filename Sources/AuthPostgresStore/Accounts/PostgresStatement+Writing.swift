// SPDX-License-Identifier: Apache-2.0
import AuthPostgres

extension PostgresStatement {
    static let insertUser: PostgresStatement = """
        INSERT INTO auth_user
            (id, username, username_key, is_active, date_joined, last_login, password_hash, language)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
        """
    static let updateUser: PostgresStatement = """
        UPDATE auth_user SET username = $2, username_key = $3, is_active = $4, date_joined = $5,
            last_login = $6, password_hash = $7, language = $8
        WHERE id = $1
        """
    static let deleteUser: PostgresStatement = "DELETE FROM auth_user WHERE id = $1"
    static let beginSignup: PostgresStatement =
        "INSERT INTO auth_pending_signup (user_id) VALUES ($1) ON CONFLICT DO NOTHING"
    static let completeSignup: PostgresStatement = "DELETE FROM auth_pending_signup WHERE user_id = $1"

    static let insertAddress: PostgresStatement = """
        INSERT INTO auth_email_address (id, user_id, email, email_key, verified, is_primary)
        VALUES ($1, $2, $3, $4, $5, $6)
        """
    static let updateAddress: PostgresStatement = """
        UPDATE auth_email_address SET user_id = $2, email = $3, email_key = $4, verified = $5, is_primary = $6
        WHERE id = $1
        """
    static let deleteAddress: PostgresStatement = "DELETE FROM auth_email_address WHERE id = $1"

    static let insertSession: PostgresStatement = """
        INSERT INTO auth_session
            (id, token_hash, user_id, client, created_at, expires_at, last_seen_at, ip, user_agent, state)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """
    static let updateSession: PostgresStatement = """
        UPDATE auth_session SET token_hash = $2, user_id = $3, client = $4, created_at = $5, expires_at = $6,
            last_seen_at = $7, ip = $8, user_agent = $9, state = $10
        WHERE id = $1
        """
    static let deleteSession: PostgresStatement = "DELETE FROM auth_session WHERE id = $1"
    /// Times only move forward.
    static let markSessions: PostgresStatement = """
        UPDATE auth_session AS s SET last_seen_at = seen.at FROM unnest($1::uuid[], $2::bigint[]) AS seen (id, at)
        WHERE s.id = seen.id AND s.last_seen_at < seen.at
        """
    /// Returns how many of the deleted sessions had not expired.
    static let deleteSessions: PostgresStatement = """
        WITH gone AS (
            DELETE FROM auth_session WHERE user_id = $1 AND id IS DISTINCT FROM $2::uuid RETURNING expires_at
        )
        SELECT count(*) FILTER (WHERE expires_at > $3) FROM gone
        """
    /// Skips sessions that a flow is using now.
    static let deleteExpiredSessions: PostgresStatement = """
        WITH expired AS MATERIALIZED (
            SELECT id FROM auth_session WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM auth_session AS s USING expired WHERE s.id = expired.id
        RETURNING s.id, s.user_id, s.created_at, s.expires_at
        """

    static let insertSocialAccount: PostgresStatement = """
        INSERT INTO auth_social_account (id, user_id, provider, uid, date_joined, last_login, extra_data)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """
    static let updateSocialAccount: PostgresStatement = """
        UPDATE auth_social_account SET user_id = $2, provider = $3, uid = $4, date_joined = $5, last_login = $6,
            extra_data = $7
        WHERE id = $1
        """
    static let deleteSocialAccount: PostgresStatement = "DELETE FROM auth_social_account WHERE id = $1"
    static let storeToken: PostgresStatement = """
        INSERT INTO auth_social_token (account_id, token) VALUES ($1, $2)
        ON CONFLICT (account_id) DO UPDATE SET token = excluded.token
        """

    static let forgetOneTimeTokens: PostgresStatement = """
        WITH old AS MATERIALIZED (
            SELECT id FROM auth_one_time_token WHERE expires_at <= $1 ORDER BY expires_at LIMIT 100
            FOR UPDATE SKIP LOCKED
        )
        DELETE FROM auth_one_time_token AS t USING old WHERE t.id = old.id
        """
    static let useOneTimeToken: PostgresStatement =
        "INSERT INTO auth_one_time_token (id, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING"

    static let queueMail: PostgresStatement =
        "INSERT INTO auth_mail (id, queued_at, due_at, draft) VALUES ($1, $2, $2, $3)"
    static let mailsAfter: PostgresStatement =
        "SELECT id, draft FROM auth_mail WHERE id > $1 ORDER BY id LIMIT 1000"
    static let deleteMails: PostgresStatement = "DELETE FROM auth_mail WHERE id = ANY ($1)"
    /// The addresses of a user that no other user has verified.
    static let ownAddressKeys: PostgresStatement = """
        SELECT email_key FROM auth_email_address AS mine WHERE user_id = $1 AND NOT EXISTS (
            SELECT 1 FROM auth_email_address AS other
            WHERE other.email_key = mine.email_key AND other.verified AND other.user_id <> mine.user_id)
        """

    /// The signals of one transaction, in the order in which they were emitted.
    static let insertSignals: PostgresStatement = """
        INSERT INTO auth_outbox (message_id, name, schema_version, subject, time, correlation_id, trace, data)
        SELECT message_id, name, schema_version, subject, time, correlation_id, trace, data
        FROM unnest(
            $1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::uuid[], $7::bytea[], $8::bytea[]
        ) WITH ORDINALITY
            AS new (message_id, name, schema_version, subject, time, correlation_id, trace, data, place)
        ORDER BY place
        """
}
