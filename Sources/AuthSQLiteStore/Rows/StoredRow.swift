// SPDX-License-Identifier: Apache-2.0
import AuthStore
import AuthSignals
import Foundation
import GRDB

/// A value with an id as a row of its table: the columns are defined once, for insertion and update.
struct StoredRow {
    let table: String
    let id: UUID
    /// The other columns, by name.
    let columns: KeyValuePairs<String, (any DatabaseValueConvertible)?>
}

extension Database {
    func insert(_ row: StoredRow) throws {
        let names = (["id"] + row.columns.map(\.key)).joined(separator: ", ")
        let places = Array(repeating: "?", count: row.columns.count + 1).joined(separator: ", ")
        try run(
            "INSERT INTO \(row.table) (\(names)) VALUES (\(places))",
            StatementArguments([row.id] + row.columns.map(\.value)))
    }

    /// - Throws: ``StoreError`` with code ``StoreError/Code/missingRow`` if no row has that id.
    func update(_ row: StoredRow) throws {
        let assignments = row.columns.map { "\($0.key) = ?" }.joined(separator: ", ")
        let changes = try run(
            "UPDATE \(row.table) SET \(assignments) WHERE id = ?",
            StatementArguments(row.columns.map(\.value) + [row.id]))
        if changes == 0 { throw StoreError(.missingRow, "the row to update does not exist") }
    }
}
