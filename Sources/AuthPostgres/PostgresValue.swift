// SPDX-License-Identifier: Apache-2.0
public import Foundation

/// A parameter of a statement, `$1` and following, sent in PostgreSQL's binary format with its type.
///
/// The type of `null` is inferred by the server from the statement: write a cast, such as `$1::bigint`, if the
/// statement alone does not determine it.
public enum PostgresValue: Hashable, Sendable {
    case null
    /// `boolean`.
    case bool(Bool)
    /// `bigint`; also for columns of type `integer` and `smallint`.
    case int(Int64)
    /// `integer`, for functions that have an `integer` parameter.
    case int4(Int32)
    /// `text`; must not contain U+0000, which PostgreSQL cannot store.
    case text(String)
    /// `bytea`.
    case bytes(Data)
    /// `uuid`.
    case uuid(UUID)
    /// `text[]`, for `= ANY ($1)` and `unnest($1)`.
    case texts([String?])
    /// `bigint[]`.
    case ints([Int64?])
    /// `uuid[]`.
    case uuids([UUID?])
    /// `bytea[]`.
    case byteses([Data?])

    /// `text`, or NULL for nil.
    public static func optional(_ value: String?) -> PostgresValue { value.map(PostgresValue.text) ?? .null }
    /// `bigint`, or NULL for nil.
    public static func optional(_ value: Int64?) -> PostgresValue { value.map(PostgresValue.int) ?? .null }
    /// `bytea`, or NULL for nil.
    public static func optional(_ value: Data?) -> PostgresValue { value.map(PostgresValue.bytes) ?? .null }
    /// `uuid`, or NULL for nil.
    public static func optional(_ value: UUID?) -> PostgresValue { value.map(PostgresValue.uuid) ?? .null }
}
