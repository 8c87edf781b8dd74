// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
package import AuthStore
import Foundation

extension PostgresStore {
    /// Copies all tables of another store into this one, and compares every row afterwards. It is one transaction: if
    /// anything fails, nothing was copied.
    ///
    /// This store's schema must be current, and its tables empty. If they are not, nothing is written, and they must be
    /// equal to the other store's: then they were copied before.
    ///
    /// - Throws: ``StoreError``: `unsuitable` if this store has other rows, `damaged` if rows differ after the copy, and
    ///   what the source throws.
    package func copy(from source: any StoreTableSource) async throws -> StoreCopy {
        try await StoreError.convertingPostgresErrors {
            try await pool.transaction { connection in
                // No server or relay may write meanwhile.
                _ = try connection.query(.lockAllTables)
                return try connection.withTimeout(.seconds(3600)) {
                    try source.readTables { try PostgresTableCopy(connection, $0).run() }
                }
            }
        }
    }
}

/// The copy of all tables, within one transaction.
private final class PostgresTableCopy {
    private let connection: PostgresConnection
    private let source: any StoreTableReader
    private var result = StoreCopy()
    /// Parameters of a statement are in memory twice; a signal has up to 64 KiB.
    private let batch = 200

    init(_ connection: PostgresConnection, _ source: any StoreTableReader) {
        self.connection = connection
        self.source = source
    }

    func run() throws -> StoreCopy {
        result.wasCopiedBefore = try StoreTable.all.contains { table in
            try table.hasRows && connection.query(.copying(.exists, table)).first?.bool(0) ?? false
        }
        if !result.wasCopiedBefore {
            for table in StoreTable.all { try write(table) }
            _ = try connection.query(.analyzeAllTables)
        }
        for table in StoreTable.all {
            result.tables.append(StoreCopy.Table(name: table.name, rows: try compare(table)))
        }
        return result
    }

    private func write(_ table: StoreTable) throws {
        let statement = PostgresStatement.copying(table.hasRows ? .insert : .update, table)
        try source.forEachBatch(of: table, limit: batch) { rows in
            let values = table.columns.indices.map { index in
                table.columns[index].values(rows.map { $0[index] }) { self.result.changedTexts += 1 }
            }
            let written = try connection.query(statement, values).affected
            guard written == rows.count else {
                throw StoreError(
                    .damaged, "\(rows.count) rows were to be written to \(table.name), and \(written) were")
            }
        }
        if table.hasPosition { _ = try connection.query(.copying(.continuePositions, table)) }
    }

    /// - Returns: the number of rows, which are equal in both stores.
    private func compare(_ table: StoreTable) throws -> Int {
        var (rows, equal) = (0, 0)
        let statement = PostgresStatement.copying(.countEqual, table)
        try source.forEachBatch(of: table, limit: batch) { batch in
            let values = table.columns.indices.map { index in
                table.columns[index].values(batch.map { $0[index] }) {}
            }
            rows += batch.count
            equal += Int(try connection.query(statement, values).first?.int(0) ?? 0)
        }
        let present = Int(try connection.query(.copying(.count, table)).first?.int(0) ?? 0)
        if rows == equal, rows == present { return rows }
        let numbers = "\(table.name): \(rows) rows to copy, \(present) in PostgreSQL, \(equal) equal"
        throw result.wasCopiedBefore
            ? StoreError(
                .unsuitable,
                "the PostgreSQL database is not empty, and was not copied from this store as it is now: \(numbers). Copy into an empty database or schema"
            )
            : StoreError(.damaged, "the copy differs, and was undone: \(numbers)")
    }
}

extension StoreTable.Column {
    /// The values of some rows as one parameter.
    ///
    /// - Parameter changed: called for each text that cannot be stored as it is.
    fileprivate func values(_ values: [StoreValue], changed: () -> Void) -> PostgresValue {
        switch kind {
        case .integer, .flag:
            .ints(values.map { if case .integer(let number) = $0 { number } else { nil } })
        case .bytes:
            .byteses(values.map { if case .bytes(let data) = $0 { data } else { nil } })
        case .uuid:
            .uuids(values.map { if case .uuid(let id) = $0 { id } else { nil } })
        case .text:
            .texts(
                values.map {
                    guard case .text(let text) = $0 else { return nil }
                    if text.isUnstorable { changed() }
                    return text.storable
                })
        }
    }

    /// The type of ``values(_:changed:)``.
    fileprivate var arrayType: String {
        switch kind {
        case .integer, .flag: "bigint[]"
        case .text: "text[]"
        case .bytes: "bytea[]"
        case .uuid: "uuid[]"
        }
    }

    /// The column of the rows that are given as parameters.
    fileprivate var source: String { kind == .flag ? "(s.\(name) <> 0)" : "s.\(name)" }
}

extension PostgresStatement {
    fileprivate enum Copying { case exists, count, insert, update, countEqual, continuePositions }

    fileprivate static func copying(_ step: Copying, _ table: StoreTable) -> PostgresStatement {
        let columns = table.columns
        let names = columns.map(\.name).joined(separator: ", ")
        let given = columns.map(\.source).joined(separator: ", ")
        let arrays = columns.enumerated().map { "$\($0.offset + 1)::\($0.element.arrayType)" }
        let source = "unnest(\(arrays.joined(separator: ", "))) AS s (\(names))"
        switch step {
        case .exists:
            return PostgresStatement("SELECT EXISTS (SELECT FROM \(table.name))")
        case .count:
            return PostgresStatement("SELECT count(*) FROM \(table.name)")
        case .insert:
            return PostgresStatement("INSERT INTO \(table.name) (\(names)) SELECT \(given) FROM \(source)")
        case .update:
            let assignments = columns.map { "\($0.name) = \($0.source)" }.joined(separator: ", ")
            return PostgresStatement("UPDATE \(table.name) SET \(assignments) FROM \(source)")
        case .countEqual:
            let key = columns[0].name
            let condition = table.hasRows ? "t.\(key) = s.\(key)" : "true"
            let own = columns.map { "t.\($0.name)" }.joined(separator: ", ")
            return PostgresStatement(
                """
                SELECT count(*) FROM \(source) JOIN \(table.name) AS t ON \(condition)
                WHERE ROW(\(own)) IS NOT DISTINCT FROM ROW(\(given))
                """)
        case .continuePositions:
            return PostgresStatement(
                """
                SELECT setval(pg_get_serial_sequence('\(table.name)', 'position'), max(position))
                FROM \(table.name) HAVING max(position) > 0
                """)
        }
    }

    private static let allTables = StoreTable.all.map(\.name).joined(separator: ", ")
    fileprivate static let lockAllTables = PostgresStatement("LOCK TABLE \(allTables) IN EXCLUSIVE MODE")
    fileprivate static let analyzeAllTables = PostgresStatement("ANALYZE \(allTables)")
}
