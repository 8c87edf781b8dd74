// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
import GRDB

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
}
