// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

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
        // Each use deletes some expired rows. They are kept for a day longer than necessary: if the clock is ahead
        // for a
        // moment, no token is forgotten that becomes valid again when the clock is corrected.
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
