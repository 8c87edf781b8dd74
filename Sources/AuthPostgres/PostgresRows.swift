// SPDX-License-Identifier: Apache-2.0
import CPostgres
public import Foundation

/// The rows that a statement returned, in the server's order.
///
/// ```swift
/// for row in try connection.query("SELECT id, username FROM auth_user") {
///     print(try row.uuid(0), try row.optionalText(1) ?? "-")
/// }
/// ```
public struct PostgresRows: RandomAccessCollection, Sendable {
    /// The number of rows that INSERT, UPDATE, DELETE or MERGE changed, or that SELECT returned.
    public let affected: Int
    public let endIndex: Int
    private let result: ResultHandle

    init(_ result: ResultHandle) {
        self.result = result
        endIndex = cpg_result_rows(result.pointer)
        affected = Int(clamping: cpg_result_affected(result.pointer))
    }

    public var startIndex: Int { 0 }
    /// A row; reading a row outside of the collection throws.
    public subscript(position: Int) -> PostgresRow { PostgresRow(result: result, row: position) }

    /// The command that was run, such as "COMMIT".
    var command: String { String(cString: cpg_result_command(result.pointer)) }
}

/// Owns one result of CPostgres.
///
/// `@unchecked`: a result never changes, and is released when nothing refers to it any more.
final class ResultHandle: @unchecked Sendable {
    let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    deinit { cpg_result_free(pointer) }
}

/// One row. Columns are read by their position, from 0, with the type that they have in SQL.
///
/// All reads throw ``PostgresError`` with code ``PostgresError/Code/unexpectedResult`` if the column does not exist, has
/// another type or, for reads that are not optional, is NULL.
public struct PostgresRow: Sendable {
    let result: ResultHandle
    let row: Int

    /// A `bigint`, `integer` or `smallint`. Sums and counts of other types need a cast in SQL: `sum(x)::bigint`.
    public func int(_ column: Int) throws(PostgresError) -> Int64 { try present(optionalInt(column), column) }
    /// As ``int(_:)``; nil for NULL.
    public func optionalInt(_ column: Int) throws(PostgresError) -> Int64? {
        try read(column, [TypeID.int8, TypeID.int4, TypeID.int2, TypeID.xid8]) { bytes in
            switch bytes.count {
            case 2: Int64(Int16(truncatingIfNeeded: Self.number(bytes)))
            case 4: Int64(Int32(truncatingIfNeeded: Self.number(bytes)))
            case 8: Int64(bitPattern: Self.number(bytes))
            default: nil
            }
        }
    }

    /// A `text`, `varchar` or `name`.
    public func text(_ column: Int) throws(PostgresError) -> String {
        try present(optionalText(column), column)
    }
    /// As ``text(_:)``; nil for NULL.
    public func optionalText(_ column: Int) throws(PostgresError) -> String? {
        let types = [TypeID.text, TypeID.varchar, TypeID.name, TypeID.bpchar, TypeID.unknown]
        return try read(column, types) { String(decoding: $0, as: UTF8.self) }
    }

    /// A `bytea`.
    public func bytes(_ column: Int) throws(PostgresError) -> Data {
        try present(optionalBytes(column), column)
    }
    /// As ``bytes(_:)``; nil for NULL.
    public func optionalBytes(_ column: Int) throws(PostgresError) -> Data? {
        try read(column, [TypeID.bytea]) { Data($0) }
    }

    /// A `uuid`.
    public func uuid(_ column: Int) throws(PostgresError) -> UUID {
        try present(optionalUUID(column), column)
    }
    /// As ``uuid(_:)``; nil for NULL.
    public func optionalUUID(_ column: Int) throws(PostgresError) -> UUID? {
        try read(column, [TypeID.uuid]) { bytes in
            bytes.count == 16 ? UUID(uuid: UnsafeRawBufferPointer(bytes).loadUnaligned(as: uuid_t.self)) : nil
        }
    }

    /// A `boolean`.
    public func bool(_ column: Int) throws(PostgresError) -> Bool {
        try present(optionalBool(column), column)
    }
    /// As ``bool(_:)``; nil for NULL.
    public func optionalBool(_ column: Int) throws(PostgresError) -> Bool? {
        try read(column, [TypeID.bool]) { $0.first.map { $0 != 0 } }
    }

    // MARK: Decoding

    private static func number(_ bytes: UnsafeBufferPointer<UInt8>) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func present<Value>(_ value: Value?, _ column: Int) throws(PostgresError) -> Value {
        guard let value else { throw Self.unexpected("column \(column) is NULL") }
        return value
    }

    /// - Parameter decode: Returns nil for a value of the wrong length.
    private func read<Value>(
        _ column: Int, _ types: [UInt32], _ decode: (UnsafeBufferPointer<UInt8>) -> Value?
    ) throws(PostgresError) -> Value? {
        guard column >= 0, column < cpg_result_columns(result.pointer), row >= 0,
            row < cpg_result_rows(result.pointer)
        else { throw Self.unexpected("the result has no row \(row) with a column \(column)") }
        let type = cpg_result_type(result.pointer, column)
        guard types.contains(type) else {
            throw Self.unexpected(
                "column \(column) has another type (OID \(type)); a cast in the statement helps")
        }
        let bytes = cpg_result_value(result.pointer, row, column)
        guard let pointer = bytes.pointer else { return nil }
        guard let value = decode(UnsafeBufferPointer(start: pointer, count: bytes.count)) else {
            throw Self.unexpected("column \(column) has a value of the wrong length")
        }
        return value
    }

    private static func unexpected(_ what: String) -> PostgresError { PostgresError(.unexpectedResult, what) }
}
