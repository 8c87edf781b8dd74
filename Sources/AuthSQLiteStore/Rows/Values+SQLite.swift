// SPDX-License-Identifier: Apache-2.0
import AuthStore
import AuthFlows
import AuthSignals
import Foundation
import GRDB
import SQLiteSupport

// Ids are stored as 16 bytes, GRDB's own format of a UUID; times as whole milliseconds since 1970.

extension User {
    init(row: Row) throws {
        self.init(
            id: try row.decode(forColumn: "id"), username: row["username"], isActive: row["is_active"],
            dateJoined: Date(milliseconds: row["date_joined"]),
            lastLogin: (row["last_login"] as Int64?).map(Date.init(milliseconds:)),
            passwordHash: (row["password_hash"] as String?).map(PasswordHash.init(stored:)),
            // A language that only another version knows is none.
            language: (row["language"] as String?).flatMap(Language.init(code:)))
    }

    var row: StoredRow {
        StoredRow(
            table: "auth_user", id: id,
            columns: [
                "username": username, "username_key": username.map(Username.key(of:)), "is_active": isActive,
                "date_joined": dateJoined.milliseconds, "last_login": lastLogin?.milliseconds,
                "password_hash": passwordHash?.exposedText, "language": language?.code,
            ])
    }
}

extension EmailAddress {
    init(row: Row) throws {
        self.init(
            id: try row.decode(forColumn: "id"), userID: try row.decode(forColumn: "user_id"),
            email: row["email"], verified: row["verified"],
            primary: row["is_primary"])
    }

    var row: StoredRow {
        StoredRow(
            table: "auth_email_address", id: id,
            columns: [
                "user_id": userID, "email": email, "email_key": EmailAddress.key(of: email),
                "verified": verified, "is_primary": primary,
            ])
    }
}

extension SocialAccount {
    init(row: Row) throws {
        self.init(
            id: try row.decode(forColumn: "id"), userID: try row.decode(forColumn: "user_id"),
            provider: row["provider"], uid: row["uid"],
            dateJoined: Date(milliseconds: row["date_joined"]),
            lastLogin: (row["last_login"] as Int64?).map(Date.init(milliseconds:)),
            extraData: try JSONValue.reading(row["extra_data"] as Data))
    }

    func row() throws -> StoredRow {
        StoredRow(
            table: "auth_social_account", id: id,
            columns: [
                "user_id": userID, "provider": provider, "uid": uid,
                "date_joined": dateJoined.milliseconds, "last_login": lastLogin?.milliseconds,
                "extra_data": try extraData.written(),
            ])
    }
}

extension OutboxRow {
    /// - Parameter row: begins with the columns ``OutboxColumns/common``, which are read by index: the relay reads many
    ///   rows, and looking up column names takes longer than reading the values.
    /// - Throws: ``StoreError`` with code ``StoreError/Code/damaged`` for a row that no version of this library writes.
    init(row: Row) throws {
        do {
            let trace: [String: String] =
                try row.decode(Data?.self, atIndex: 8).map {
                    try SignalCodec.decoder().decode([String: String].self, from: $0)
                } ?? [:]
            self.init(
                sequence: try row.decode(atIndex: 0),
                draft: SignalDraft(
                    id: try row.decode(atIndex: 1),
                    name: try SignalName(validating: row.decode(atIndex: 2)),
                    schemaVersion: try row.decode(atIndex: 3), subject: try row.decode(atIndex: 4),
                    time: Date(milliseconds: try row.decode(atIndex: 5)),
                    correlationID: try row.decode(atIndex: 6), trace: trace, data: try row.decode(atIndex: 9)),
                attempts: try row.decodeAttempts(atIndex: 7))
        } catch {
            // The original error may quote a value.
            let number = (try? row.decode(Int64.self, atIndex: 0)).map(String.init) ?? "?"
            throw StoreError(
                .damaged,
                "row \(number) of the outbox cannot be read: another program has changed it; it is kept"
            )
        }
    }
}

extension Row {
    /// The stored number of attempts, clamped to a range that can be incremented safely.
    func decodeAttempts(atIndex index: Int) throws -> Int {
        Swift.min(Swift.max(0, try decode(Int.self, atIndex: index)), 1_000_000)
    }

    func decodeAttempts() throws -> Int {
        Swift.min(Swift.max(0, try decode(Int.self, forColumn: "attempts")), 1_000_000)
    }
}

extension Database {
    /// The outbox rows of a query. An unreadable row stays in its table and does not stop the others.
    ///
    /// - Parameter unreadable: called with the error of each unreadable row.
    func outboxRows(
        _ sql: String, _ arguments: StatementArguments, unreadable: (any Error) -> Void
    ) throws -> [OutboxRow] {
        var rows: [OutboxRow] = []
        try forEachRow(sql, arguments) { row in
            do { rows.append(try OutboxRow(row: row)) } catch { unreadable(error) }
        }
        return rows
    }
}
