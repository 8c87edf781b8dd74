// SPDX-License-Identifier: Apache-2.0
import AuthPostgres

// A transaction locks what a statement reads before it (`PostgresStatement+Locking.swift`).
extension PostgresStatement {
    private static let user = Columns.list(Columns.user, of: "u")
    private static let address = Columns.list(Columns.address, of: "a")
    private static let session = Columns.list(Columns.session, of: "s")
    private static let account = Columns.list(Columns.socialAccount, of: "c")

    static let sessionsOfUser = PostgresStatement(
        """
        SELECT \(session) FROM auth_session AS s WHERE s.user_id = $1 AND s.expires_at > $2
        ORDER BY s.created_at DESC, s.position DESC
        """)
    /// One row for each address of the session's user; one row without an address or a user.
    static let holderByToken = PostgresStatement(
        """
        SELECT \(session), \(user), \(address) FROM auth_session AS s
        LEFT JOIN auth_user AS u ON u.id = s.user_id
        LEFT JOIN auth_email_address AS a ON a.user_id = u.id
        WHERE s.token_hash = $1 ORDER BY a.position
        """)
    static let socialAccountByUID = PostgresStatement(
        "SELECT \(account) FROM auth_social_account AS c WHERE c.provider = $1 AND c.uid = $2")
    static let socialAccountsOfUser = PostgresStatement(
        "SELECT \(account) FROM auth_social_account AS c WHERE c.user_id = $1 ORDER BY c.position")
    static let tokenOfAccount = PostgresStatement("SELECT token FROM auth_social_token WHERE account_id = $1")

    /// One row for each address of a user; one row without an address.
    static let accountByID = PostgresStatement("\(accounts) WHERE u.id = $1 ORDER BY a.position")
    static let accountByName = PostgresStatement("\(accounts) WHERE u.username_key = $1 ORDER BY a.position")
    static let lockedAccountByName = PostgresStatement(
        "\(accounts) WHERE u.username_key = $1 ORDER BY a.position FOR NO KEY UPDATE OF u")
    static let accountsByID = PostgresStatement("\(accounts) WHERE u.id = ANY ($1) ORDER BY a.position")
    static let accountsByAddressKey = PostgresStatement(
        """
        \(accounts) WHERE u.id IN (SELECT m.user_id FROM auth_email_address AS m WHERE m.email_key = $1)
        ORDER BY a.position
        """)
    static let accountByAddressID = PostgresStatement(
        """
        \(accounts) WHERE u.id = (SELECT m.user_id FROM auth_email_address AS m WHERE m.id = $1)
        ORDER BY a.position
        """)
    /// In the order of ids: $1 the earliest time of joining, $2 the limit.
    static let firstAccounts = PostgresStatement(
        """
        \(accounts) WHERE u.id IN (
            SELECT id FROM auth_user WHERE date_joined >= $1 ORDER BY id LIMIT $2)
        ORDER BY u.id, a.position
        """)
    /// As ``firstAccounts``; $3 the last id before them.
    static let accountsAfter = PostgresStatement(
        """
        \(accounts) WHERE u.id IN (
            SELECT id FROM auth_user WHERE date_joined >= $1 AND id > $3 ORDER BY id LIMIT $2)
        ORDER BY u.id, a.position
        """)
    private static let accounts = """
        SELECT \(user), \(address) FROM auth_user AS u
        LEFT JOIN auth_email_address AS a ON a.user_id = u.id
        """
}
