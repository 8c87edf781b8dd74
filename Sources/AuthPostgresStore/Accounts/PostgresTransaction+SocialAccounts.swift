// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthPostgres
import AuthSignals
public import Foundation

extension PostgresTransaction {
    public func insert(_ account: SocialAccount) throws { later(.insertSocialAccount, try account.values()) }

    public func update(_ account: SocialAccount) throws {
        update(.updateSocialAccount, try account.values())
    }

    public func delete(_ account: SocialAccount) throws { later(.deleteSocialAccount, [.uuid(account.id)]) }

    public func store(_ token: ProviderToken, of account: SocialAccount.ID) throws {
        let sealed = try token.sealed(with: keys, context: account.wireText)
        later(.storeToken, [.uuid(account), .bytes(sealed)])
    }

    public func use(_ token: OneTimeToken) throws -> Bool {
        // Each use deletes some expired rows. They are kept for a day longer than necessary: if the clock is ahead for
        // a moment, no token is forgotten that becomes valid again when the clock is corrected.
        later(.forgetOneTimeTokens, [.time(now.addingTimeInterval(-86_400))])
        // The issuer can set any number as the expiry.
        let longest = now.addingTimeInterval(315_360_000)
        let expiry = min(max(token.expiresAt, now), longest)
        return try query(.useOneTimeToken, [.bytes(token.idHash), .time(expiry)]).affected > 0
    }
}
