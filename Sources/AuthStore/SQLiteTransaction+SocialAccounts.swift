// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation
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

    public func use(_ token: OneTimeToken) throws -> Bool {
        // Rows are swept as others come. A day longer than need be: a clock that was ahead for a moment
        // forgets no token that is good again once the clock is right.
        try database.run(
            """
            DELETE FROM auth_one_time_token WHERE id IN
                (SELECT id FROM auth_one_time_token WHERE expires_at <= ? ORDER BY expires_at LIMIT 100)
            """, [now.addingTimeInterval(-86_400).milliseconds])
        // What an issuer calls the end may be any number.
        let longest = now.addingTimeInterval(315_360_000)
        return try database.run(
            "INSERT OR IGNORE INTO auth_one_time_token (id, expires_at) VALUES (?, ?)",
            [token.idHash, min(max(token.expiresAt, now), longest).milliseconds]) > 0
    }
}
