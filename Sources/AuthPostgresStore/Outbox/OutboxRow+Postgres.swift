// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
import AuthStore
import Foundation

enum OutboxColumns {
    /// The columns that a row keeps in every table.
    static let common =
        "sequence, message_id, name, schema_version, subject, time, correlation_id, attempts, trace, data"
    /// The number of columns in ``common``.
    static let count = 10
}

extension OutboxRow {
    /// - Parameter row: begins with the columns ``OutboxColumns/common``.
    /// - Throws: ``StoreError`` with code ``StoreError/Code/damaged`` for a row that no version of this library writes.
    init(_ row: PostgresRow) throws {
        do {
            let trace: [String: String] =
                try row.optionalBytes(8).map {
                    try SignalCodec.decoder().decode([String: String].self, from: $0)
                } ?? [:]
            self.init(
                sequence: try row.int(0),
                draft: SignalDraft(
                    id: try row.uuid(1), name: try SignalName(validating: row.text(2)),
                    schemaVersion: Int(try row.int(3)), subject: try row.optionalText(4),
                    time: Date(milliseconds: try row.int(5)), correlationID: try row.uuid(6), trace: trace,
                    data: try row.bytes(9)),
                attempts: try row.attempts(7))
        } catch {
            // The original error may quote a value.
            let number = (try? row.int(0)).map { String($0) } ?? "?"
            throw StoreError(
                .damaged,
                "row \(number) of the outbox cannot be read: another program has changed it; it is kept")
        }
    }
}

extension PostgresRow {
    /// The stored number of attempts, clamped to a range that can be incremented safely.
    func attempts(_ column: Int) throws -> Int { Int(min(max(0, try int(column)), 1_000_000)) }
}

extension StoreError {
    /// Evaluates an expression that reads a column, and converts its error.
    static func unreadable<Value>(_ column: @autoclosure () throws -> Value) throws -> Value {
        do { return try column() } catch let error as PostgresError { throw StoreError.cause(of: error) }
    }
}
