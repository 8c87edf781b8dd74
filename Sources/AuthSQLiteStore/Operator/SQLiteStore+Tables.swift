// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
package import AuthStore
import Foundation
import GRDB

extension SQLiteStore: StoreTableSource {
    /// For a store that was opened read-only: only then one connection reads everything, and can notice that another one
    /// has written.
    package func readTables<R>(_ body: (any StoreTableReader) throws -> R) throws -> R {
        guard database is DatabaseQueue else {
            throw StoreError(.unsuitable, "a store is copied from a read-only connection")
        }
        do {
            let (result, version) = try database.read { database in
                let version = try Self.version(of: database)
                return (try body(SQLiteTableReader(database: database)), version)
            }
            guard try database.read(Self.version(of:)) == version else {
                throw StoreError(
                    .busy,
                    "another process has written to the store while it was copied: stop all processes that use it"
                )
            }
            return result
        } catch let error as DatabaseError {
            throw StoreError(error)
        }
    }

    /// A number that changes when another connection commits.
    private static func version(of database: Database) throws -> Int64? {
        try Int64.fetchOne(database, sql: "PRAGMA data_version")
    }

    /// What the processes do that hold a lease of this store; empty if no process holds one.
    package var heldLeases: [String] {
        (relayLease.isHeld ? ["publishes signals"] : []) + (mailLease.isHeld ? ["delivers mails"] : [])
    }

    /// Opens some of the newest encrypted values of each kind: provider tokens, queued mails and the state of sessions.
    ///
    /// - Returns: whether at least one of them can be opened with this store's keys; nil if there are none.
    package func opensEncryptedValues() async throws -> Bool? {
        try await read { (reading: SQLiteReading) in
            var found = false
            for (sql, purpose) in Self.encryptedValues {
                for row in try reading.database.rows(sql) {
                    found = true
                    let id: UUID = try row.decode(atIndex: 0)
                    let sealed: Data = try row.decode(atIndex: 1)
                    do {
                        _ = try self.keys.open(sealed, for: purpose, context: id.wireText)
                        return true
                    } catch is KeyRingError {
                        // It may be an old value, of a secret that was changed since.
                        continue
                    }
                }
            }
            return found ? false : nil
        }
    }

    private static var encryptedValues: [(sql: String, purpose: KeyRing.Purpose)] {
        [
            ("SELECT account_id, token FROM auth_social_token ORDER BY rowid DESC LIMIT 20", .providerToken),
            ("SELECT id, draft FROM auth_mail ORDER BY position DESC LIMIT 20", .mail),
            ("SELECT id, state FROM auth_session ORDER BY position DESC LIMIT 20", .session),
        ]
    }
}

private struct SQLiteTableReader: StoreTableReader {
    let database: Database

    func forEachBatch(
        of table: StoreTable, limit: Int, _ body: ([[StoreValue]]) throws -> Void
    ) throws {
        var batch: [[StoreValue]] = []
        try database.forEachRow(Self.query(table), []) { row in
            batch.append(
                try zip(row.databaseValues, table.columns).map { value, column in
                    try StoreValue(value, column, of: table)
                })
            if batch.count >= limit {
                try body(batch)
                batch.removeAll(keepingCapacity: true)
            }
        }
        if !batch.isEmpty { try body(batch) }
    }

    private static func query(_ table: StoreTable) -> String {
        let columns = table.columns.map { column in
            // Here SQLite itself counts.
            column.name == "last_sequence"
                ? "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'auth_outbox'), 0)" : column.name
        }
        let order = table.hasRows ? " ORDER BY \(table.columns[0].name)" : ""
        return "SELECT \(columns.joined(separator: ", ")) FROM \(table.name)\(order)"
    }
}

extension StoreValue {
    fileprivate init(
        _ value: DatabaseValue, _ column: StoreTable.Column, of table: StoreTable
    ) throws(StoreError) {
        let id = column.kind == .uuid ? UUID.fromDatabaseValue(value) : nil
        switch (value.storage, column.kind) {
        case (.null, _) where column.isOptional: self = .null
        case (.int64(let number), .integer): self = .integer(number)
        case (.int64(let number), .flag): self = .integer(number == 0 ? 0 : 1)
        case (.string(let text), .text): self = .text(text)
        case (.blob(let data), .bytes): self = .bytes(data)
        case (.blob, .uuid) where id != nil: self = id.map(StoreValue.uuid) ?? .null
        default:
            throw StoreError(
                .damaged,
                "a row of the table \(table.name) has a value of another type in the column \(column.name)")
        }
    }
}
