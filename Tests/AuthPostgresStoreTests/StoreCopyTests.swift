// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgresStore
import AuthSignals
import AuthStore
import Foundation
import PostgresSupport
import Testing

@Suite(
    "Copying a store to PostgreSQL",
    .enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct StoreCopyTests {
    @Test func `copies every column of every table, and compares all rows`() async throws {
        let test = try await TestStore.make()
        let tables = MemoryTables.sample()
        let copy = try await test.store.copy(from: tables)
        #expect(!copy.wasCopiedBefore)
        #expect(copy.tables.map(\.name) == StoreTable.all.map(\.name))
        for table in copy.tables {
            #expect(table.rows == tables.rows[table.name]?.count, "\(table.name)")
            #expect(try await test.count(table.name) == table.rows, "\(table.name)")
        }
        let user = try await test.store.read { try $0.user(username: "ada") }
        #expect(user?.id == MemoryTables.ada)
        #expect(user?.isActive == true)
        let status = try await test.store.status()
        #expect(status.pending == 2)
        #expect(status.emitted == 4)
        #expect(try await test.store.verifyOutbox().isWhole)
    }

    @Test func `pending signals keep their numbers, and later ones continue`() async throws {
        let test = try await TestStore.make()
        _ = try await test.store.copy(from: MemoryTables.sample())
        try await test.store.transaction { try $0.emit(ThingHappened(1)) }
        let rows = try await test.store.rows(after: 0, limit: 10, now: Date()).rows
        #expect(rows.map(\.sequence) == [3, 4, 5])
    }

    @Test func `new rows come after the copied ones`() async throws {
        let test = try await TestStore.make()
        _ = try await test.store.copy(from: MemoryTables.sample())
        try await test.store.transaction { try $0.insert(User.test("new")) }
        let position = try await test.schema.psql("SELECT position FROM auth_user WHERE username = 'new'")
        #expect(position.hasPrefix("2"))
    }

    @Test func `a second copy only compares`() async throws {
        let test = try await TestStore.make()
        let tables = MemoryTables.sample()
        let first = try await test.store.copy(from: tables)
        let second = try await test.store.copy(from: tables)
        #expect(second.wasCopiedBefore)
        #expect(second.rows == first.rows)
    }

    @Test func `a database with other rows is refused, and not changed`() async throws {
        let test = try await TestStore.make()
        let user = User.test("other")
        try await test.store.transaction { try $0.insert(user) }
        let error = await #expect(throws: StoreError.self) {
            try await test.store.copy(from: MemoryTables.sample())
        }
        #expect(error?.code == .unsuitable)
        #expect(try await test.count("auth_user") == 1)
        #expect(try await test.count("auth_session") == 0)
    }

    @Test func `a row that was changed after the copy is noticed`() async throws {
        let test = try await TestStore.make()
        let tables = MemoryTables.sample()
        _ = try await test.store.copy(from: tables)
        try await test.schema.psql("UPDATE auth_user SET last_login = 7")
        let error = await #expect(throws: StoreError.self) { try await test.store.copy(from: tables) }
        #expect(error?.message.contains("auth_user") == true)
    }

    @Test(arguments: [Fault.atLastTable, .atEnd])
    func `a copy that fails leaves nothing, and can be repeated`(fault: Fault) async throws {
        let test = try await TestStore.make()
        var tables = MemoryTables.sample()
        tables.fault = fault
        let failing = tables
        await #expect(throws: Abandoned.self) { try await test.store.copy(from: failing) }
        for table in StoreTable.all where table.hasRows {
            #expect(try await test.count(table.name) == 0, "\(table.name)")
        }
        #expect(try await test.store.status().emitted == 0)
        #expect(try await !test.store.copy(from: MemoryTables.sample()).wasCopiedBefore)
    }

    @Test func `rows of which PostgreSQL accepts only one are reported, and nothing is copied`() async throws
    {
        let test = try await TestStore.make()
        var tables = MemoryTables.sample()
        var twin = MemoryTables.user(UUID(), "ada")
        twin[1] = .integer(2)
        tables.rows["auth_user"]?.append(twin)
        let doubled = tables
        await #expect(throws: StoreConflict.username) { try await test.store.copy(from: doubled) }
        #expect(try await test.count("auth_user") == 0)
    }

    @Test func `a text with U+0000 is copied with U+FFFD, and counted`() async throws {
        let test = try await TestStore.make()
        var tables = MemoryTables.sample()
        tables.rows["auth_session"]?[0][9] = .text("a\0b")
        let copy = try await test.store.copy(from: tables)
        #expect(copy.changedTexts == 1)
        #expect(try await test.schema.psql("SELECT user_agent FROM auth_session").hasPrefix("a\u{FFFD}b"))
    }

    @Test func `more rows than one statement has are copied`() async throws {
        let test = try await TestStore.make()
        var tables = MemoryTables()
        tables.rows["auth_user"] = (1...1001).map { number in
            var user = MemoryTables.user(UUID(), "user\(number)")
            user[1] = .integer(Int64(number))
            return user
        }
        #expect(try await test.store.copy(from: tables).rows == 1001 + 2)
    }
}

enum Fault: Sendable { case atLastTable, atEnd }

/// Rows in memory, as another store would return them.
struct MemoryTables: StoreTableSource, StoreTableReader {
    static let ada = UUID()

    var rows: [String: [[StoreValue]]] = [
        "auth_outbox_count": [
            [
                .integer(0), .integer(0), .integer(0), .integer(0), .integer(0), .integer(0), .null,
                .integer(0), .null,
            ]
        ],
        "auth_housekeeping": [[.null, .null, .null]],
    ]
    var fault: Fault?

    func readTables<R>(_ body: (any StoreTableReader) throws -> R) throws -> R {
        let result = try body(self)
        if fault == .atEnd { throw Abandoned() }
        return result
    }

    func forEachBatch(
        of table: StoreTable, limit: Int, _ body: ([[StoreValue]]) throws -> Void
    ) throws {
        if fault == .atLastTable, table.name == StoreTable.all.last?.name { throw Abandoned() }
        var rest = rows[table.name, default: []][...]
        while !rest.isEmpty {
            try body(Array(rest.prefix(limit)))
            rest = rest.dropFirst(limit)
        }
    }

    static func user(_ id: UUID, _ name: String) -> [StoreValue] {
        [
            .uuid(id), .integer(1), .text(name), .text(name), .integer(1), .integer(1000), .null,
            .text("hash"), .text("de"),
        ]
    }

    /// One row in each table, and two pending signals.
    static func sample() -> MemoryTables {
        var tables = MemoryTables()
        let account = UUID()
        let hash = Data(repeating: 7, count: 32)
        func signal(_ number: Int64) -> [StoreValue] {
            [
                .integer(number), .uuid(UUID()), .text("test.thing_happened"), .integer(1),
                .text("ada"), .integer(1000), .uuid(UUID()), .integer(0), .null, .bytes(Data("{}".utf8)),
            ]
        }
        tables.rows.merge([
            "auth_user": [user(ada, "ada")],
            "auth_pending_signup": [[.uuid(ada)]],
            "auth_email_address": [
                [
                    .uuid(UUID()), .integer(1), .uuid(ada), .text("ada@example.org"),
                    .text("ada@example.org"), .integer(1), .integer(1), .integer(0),
                ]
            ],
            "auth_session": [
                [
                    .uuid(UUID()), .integer(1), .bytes(hash), .uuid(ada), .text("app"), .integer(1000),
                    .integer(4_000_000_000_000), .integer(1000), .text("192.0.2.1"), .null,
                    .bytes(Data([1, 2])),
                ]
            ],
            "auth_social_account": [
                [
                    .uuid(account), .integer(1), .uuid(ada), .text("example"), .text("1"),
                    .integer(1000), .integer(2000), .bytes(Data("{}".utf8)),
                ]
            ],
            "auth_social_token": [[.uuid(account), .bytes(Data([0, 255]))]],
            "auth_one_time_token": [[.bytes(hash), .integer(4_000_000_000_000)]],
            "auth_outbox": [
                signal(3) + [.integer(0), .null], signal(4) + [.integer(9), .text("nacked")],
            ],
            "auth_outbox_history": [signal(1) + [.text("confirmed"), .integer(2000)]],
            "auth_outbox_parked": [signal(2) + [.text("too large"), .integer(2000)]],
            "auth_outbox_count": [
                [
                    .integer(4), .integer(1), .integer(0), .integer(1), .integer(0), .integer(0), .null,
                    .integer(0), .null,
                ]
            ],
            "auth_mail": [
                [
                    .uuid(UUID()), .integer(1), .integer(1000), .integer(1000), .integer(2), .null,
                    .null, .bytes(Data([3])),
                ]
            ],
            "auth_housekeeping": [[.integer(1000), .null, .null]],
        ]) { $1 }
        return tables
    }
}
