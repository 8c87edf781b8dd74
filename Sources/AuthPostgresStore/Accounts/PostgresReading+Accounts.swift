// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import Foundation

extension PostgresReading {
    /// Reads users, whom a statement before has locked in a transaction, with all of their addresses.
    func readAccounts(_ statement: PostgresStatement, _ values: [PostgresValue]) throws -> [User] {
        try keepAccounts(query(statement, values), userAt: 0)
    }

    /// Reads a session, its user and the user's addresses.
    func readSession(_ tokenHash: Data) throws -> Session? {
        willReadSessions()
        lock(.lockSession, [.bytes(tokenHash)])
        lock(.lockUserBySession, [.bytes(tokenHash)])
        let rows = try query(.holderByToken, [.bytes(tokenHash)])
        guard let first = rows.first else { return nil }
        let session = try Session(first, opening: states)
        _ = try keepAccounts(rows, userAt: Columns.session.count)
        cache.set(session)
        return session
    }

    /// - Parameter userAt: the position of the first column of ``Columns/user``, which those of ``Columns/address``
    ///   follow; both are NULL without a user.
    private func keepAccounts(_ rows: PostgresRows, userAt: Int) throws -> [User] {
        let addressAt = userAt + Columns.user.count
        var (users, placed): ([User], [User.ID: [AccountCache.Placed]]) = ([], [:])
        for row in rows {
            guard let id = try row.optionalUUID(userAt) else { continue }
            if placed[id] == nil {
                users.append(try User(row, from: userAt))
                placed[id] = []
            }
            guard try row.optionalUUID(addressAt) != nil else { continue }
            placed[id]?.append(
                AccountCache.Placed(
                    position: try row.int(addressAt + Columns.address.count - 1),
                    address: try EmailAddress(row, from: addressAt)))
        }
        for user in users { cache.set(user, with: placed[user.id] ?? []) }
        return users
    }
}
