// SPDX-License-Identifier: Apache-2.0
package import Foundation

/// A table of a store as plain columns, for copying an installation into a store of another kind. In all stores tables
/// and columns have the same names.
///
/// Not copied: attempts that rate limits count.
package struct StoreTable: Sendable {
    package enum Kind: Sendable {
        case integer, flag, text, bytes, uuid
    }

    package struct Column: Sendable {
        package let name: String
        package let kind: Kind
        package let isOptional: Bool
    }

    package let name: String
    package let columns: [Column]
    /// Whether the table has any number of rows, which its first column identifies. Otherwise it has exactly one row,
    /// which exists in a new store, too.
    package let hasRows: Bool

    /// Whether new rows are numbered in a column `position`.
    package var hasPosition: Bool { columns.contains { $0.name == "position" } }

    private init(_ name: String, hasRows: Bool = true, _ columns: [Column]) {
        self.name = name
        self.columns = columns
        self.hasRows = hasRows
    }

    /// Every table, in an order in which a row comes after the rows that it refers to.
    package static let all = [
        StoreTable(
            "auth_user",
            [
                .uuid("id"), .integer("position"), .optional(.text, "username"),
                .optional(.text, "username_key"), .flag("is_active"), .integer("date_joined"),
                .optional(.integer, "last_login"), .optional(.text, "password_hash"),
                .optional(.text, "language"),
            ]),
        StoreTable("auth_pending_signup", [.uuid("user_id")]),
        StoreTable(
            "auth_email_address",
            [
                .uuid("id"), .integer("position"), .uuid("user_id"), .text("email"), .text("email_key"),
                .flag("verified"), .flag("is_primary"), .flag("is_duplicate"),
            ]),
        StoreTable(
            "auth_session",
            [
                .uuid("id"), .integer("position"), .bytes("token_hash"), .optional(.uuid, "user_id"),
                .text("client"), .integer("created_at"), .integer("expires_at"), .integer("last_seen_at"),
                .optional(.text, "ip"), .optional(.text, "user_agent"), .bytes("state"),
            ]),
        StoreTable(
            "auth_social_account",
            [
                .uuid("id"), .integer("position"), .uuid("user_id"), .text("provider"), .text("uid"),
                .integer("date_joined"), .optional(.integer, "last_login"), .bytes("extra_data"),
            ]),
        StoreTable("auth_social_token", [.uuid("account_id"), .bytes("token")]),
        StoreTable("auth_one_time_token", [.bytes("id"), .integer("expires_at")]),
        StoreTable(
            "auth_outbox", signal + [.integer("not_before"), .optional(.text, "last_error")]),
        StoreTable("auth_outbox_history", signal + [.text("result"), .integer("settled_at")]),
        StoreTable("auth_outbox_parked", signal + [.text("reason"), .integer("settled_at")]),
        StoreTable(
            "auth_outbox_count", hasRows: false,
            [
                .integer("last_sequence"), .integer("confirmed"), .integer("unrouted"), .integer("parked"),
                .integer("purged"), .integer("erased"), .optional(.integer, "paused_at"),
                .integer("skipped"), .optional(.integer, "restored_at"),
            ]),
        StoreTable(
            "auth_mail",
            [
                .uuid("id"), .integer("position"), .integer("queued_at"), .integer("due_at"),
                .integer("attempts"), .optional(.integer, "failed_at"), .optional(.text, "last_error"),
                .bytes("draft"),
            ]),
        StoreTable(
            "auth_housekeeping", hasRows: false,
            [
                .optional(.integer, "ran_at"), .optional(.integer, "doubted_at"),
                .optional(.text, "doubted_by"),
            ]),
    ]

    private static let signal: [Column] = [
        .integer("sequence"), .uuid("message_id"), .text("name"), .integer("schema_version"),
        .optional(.text, "subject"), .integer("time"), .uuid("correlation_id"), .integer("attempts"),
        .optional(.bytes, "trace"), .bytes("data"),
    ]
}

extension StoreTable.Column {
    fileprivate static func integer(_ name: String) -> Self { .required(.integer, name) }
    fileprivate static func flag(_ name: String) -> Self { .required(.flag, name) }
    fileprivate static func text(_ name: String) -> Self { .required(.text, name) }
    fileprivate static func bytes(_ name: String) -> Self { .required(.bytes, name) }
    fileprivate static func uuid(_ name: String) -> Self { .required(.uuid, name) }
    fileprivate static func optional(_ kind: StoreTable.Kind, _ name: String) -> Self {
        Self(name: name, kind: kind, isOptional: true)
    }
    private static func required(_ kind: StoreTable.Kind, _ name: String) -> Self {
        Self(name: name, kind: kind, isOptional: false)
    }
}

/// A value of a ``StoreTable``; a flag is an integer, 0 or 1.
package enum StoreValue: Hashable, Sendable {
    case null
    case integer(Int64)
    case text(String)
    case bytes(Data)
    case uuid(UUID)
}

/// A store whose tables can be read for a copy.
package protocol StoreTableSource: Sendable {
    /// Calls `body` with one consistent view of the tables. It blocks the calling thread.
    ///
    /// - Throws: what `body` throws; ``StoreError`` with code ``StoreError/Code/busy`` if another connection has written
    ///   to the store meanwhile, also if `body` has returned.
    func readTables<R>(_ body: (any StoreTableReader) throws -> R) throws -> R
}

/// A consistent view of a store's tables.
package protocol StoreTableReader {
    /// Calls `body` with all rows of a table, in batches; the values are in the order of the table's columns.
    ///
    /// - Throws: what `body` throws; ``StoreError`` with code ``StoreError/Code/damaged`` for a value of another type
    ///   than the column's.
    func forEachBatch(of table: StoreTable, limit: Int, _ body: ([[StoreValue]]) throws -> Void) throws
}

/// The result of copying a store.
package struct StoreCopy: Sendable {
    package struct Table: Sendable {
        package let name: String
        /// How many rows are equal in both stores, which are all rows of each.
        package let rows: Int

        package init(name: String, rows: Int) {
            self.name = name
            self.rows = rows
        }
    }

    package var tables: [Table] = []
    /// Whether the rows were there already, so that they were only compared.
    package var wasCopiedBefore = false
    /// How many texts contained U+0000, which the other store cannot keep and which is U+FFFD there.
    package var changedTexts = 0

    package init() {}

    /// All rows of all tables.
    package var rows: Int { tables.reduce(0) { $0 + $1.rows } }
}
