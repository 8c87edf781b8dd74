// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import GRDB

extension SQLiteTransaction {
    public func insert(_ account: SocialAccount) throws {
        try conflicts(of: account) {
            try database.run(
                """
                INSERT INTO auth_social_account
                    (id, user_id, provider, uid, date_joined, last_login, extra_data)
                VALUES
                    (:id, :user_id, :provider, :uid, :date_joined, :last_login, :extra_data)
                """, account.columns())
        }
    }

    public func update(_ account: SocialAccount) throws {
        try conflicts(of: account) {
            try updated(
                database.run(
                    """
                    UPDATE auth_social_account SET
                        user_id = :user_id, provider = :provider, uid = :uid, date_joined = :date_joined,
                        last_login = :last_login, extra_data = :extra_data
                    WHERE id = :id
                    """, account.columns()))
        }
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
}
