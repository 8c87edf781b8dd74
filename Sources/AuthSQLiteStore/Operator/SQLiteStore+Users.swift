// SPDX-License-Identifier: Apache-2.0
public import AuthStore
public import AuthFlows
import AuthSignals
public import Foundation
import GRDB
import SQLiteSupport

extension SQLiteStore {
    /// A page of the accounts, as one consistent view; accounts that are created or deleted between two calls do not
    /// shift the others.
    ///
    /// - Parameters:
    ///   - id: the last id of the previous page; nil for the first page. The account may have been deleted since.
    ///   - joined: only accounts whose `User.dateJoined` is at or after this time; nil for all.
    ///   - limit: the maximum number of accounts; none if it is not positive.
    public func users(after id: User.ID? = nil, joinedFrom joined: Date? = nil, limit: Int = 100) async throws
        -> UserPage
    {
        let start = id.map { id in withUnsafeBytes(of: id.uuid) { Data($0) } } ?? Data()
        let earliest = joined?.milliseconds ?? Int64.min
        return try await read { (reading: SQLiteReading) in
            // SQLite compares blobs byte by byte, so that ids of version 7 are sorted by time.
            let rows = try reading.database.rows(
                "SELECT * FROM auth_user WHERE id > ? AND date_joined >= ? ORDER BY id LIMIT ?",
                [start, earliest, max(0, limit)])
            let users = try rows.map { try UserRecord(User(row: $0), from: reading) }
            return UserPage(users: users, sequence: try OutboxCount.lastSequence(reading.database))
        }
    }
}
