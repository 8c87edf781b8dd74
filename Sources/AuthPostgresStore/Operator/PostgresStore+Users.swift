// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
import AuthPostgres
import AuthSignals
public import AuthStore
public import Foundation

extension PostgresStore {
    /// A page of the accounts, as one consistent view; accounts that are created or deleted between two calls do not
    /// shift the others.
    ///
    /// A page is read when all signals about its users that the view contains have their numbers, so that signals with a
    /// higher number than `UserPage.sequence` are newer than the page.
    ///
    /// - Parameters:
    ///   - id: the last id of the previous page; nil for the first page. The account may have been deleted since.
    ///   - joined: only accounts whose `User.dateJoined` is at or after this time; nil for all.
    ///   - limit: the maximum number of accounts; none if it is not positive.
    /// - Throws: `StoreError`: `busy` if signals about the same users are committed all the time, …
    public func users(after id: User.ID?, joinedFrom joined: Date?, limit: Int) async throws -> UserPage {
        let condition: [PostgresValue] = [.int(joined?.milliseconds ?? .min), .int(Int64(max(0, limit)))]
        for attempt in 1...20 {
            let page = try await read { (reading: PostgresReading) -> UserPage? in
                let users =
                    if let id {
                        try reading.readAccounts(.accountsAfter, condition + [.uuid(id)])
                    } else {
                        try reading.readAccounts(.firstAccounts, condition)
                    }
                // The first attempt numbers the signals about other users, too.
                let subjects: PostgresValue = attempt == 1 ? .null : .texts(users.map(\.subject))
                guard let row = try reading.query(.lastSequence, [subjects]).first, try !row.bool(1) else {
                    return nil
                }
                return UserPage(
                    users: try users.map { try UserRecord($0, from: reading) }, sequence: try row.int(0))
            }
            if let page { return page }
            try await numberAll()
        }
        throw StoreError(.busy, "signals about these users are committed all the time")
    }

    /// The addresses that several rows have had since a migration of a SQLite store, from which this one was copied,
    /// found them to be the same.
    public func duplicateEmails() async throws -> [DuplicateEmail] {
        try await read { (reading: PostgresReading) in
            var groups: [(key: String, users: [User.ID])] = []
            for row in try reading.query(.duplicateEmails) {
                let (key, user) = (try row.text(0), try row.uuid(1))
                if let last = groups.last, last.key.hasSameBytes(as: key) {
                    groups[groups.count - 1].users.append(user)
                } else {
                    groups.append((key, [user]))
                }
            }
            return groups.filter { $0.users.count > 1 }.map { DuplicateEmail(users: $0.users) }
        }
    }
}

extension PostgresStatement {
    /// The last number, and whether signals about the subjects, or any if $1 is NULL, have no number yet.
    fileprivate static let lastSequence: PostgresStatement = """
        SELECT last_sequence, EXISTS (
            SELECT FROM auth_outbox WHERE sequence IS NULL AND ($1::text[] IS NULL OR subject = ANY ($1::text[])))
        FROM auth_outbox_count
        """
    fileprivate static let duplicateEmails: PostgresStatement = """
        SELECT email_key, user_id FROM auth_email_address
        WHERE email_key IN (SELECT email_key FROM auth_email_address WHERE is_duplicate)
        ORDER BY email_key, is_duplicate, position
        """
}
