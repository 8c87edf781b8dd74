// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import Foundation
import GRDB

/// What has an id, as a row of its table: which column holds what is said once, for insertion and update.
struct StoredRow {
    let table: String
    let id: UUID
    /// The others, by name.
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

    /// - Throws: ``StoreError`` with code ``StoreError/Code/missingRow`` where there is no row of that id.
    func update(_ row: StoredRow) throws {
        let assignments = row.columns.map { "\($0.key) = ?" }.joined(separator: ", ")
        let changes = try run(
            "UPDATE \(row.table) SET \(assignments) WHERE id = ?",
            StatementArguments(row.columns.map(\.value) + [row.id]))
        if changes == 0 { throw StoreError(.missingRow, "the row that was to be updated is gone") }
    }
}
