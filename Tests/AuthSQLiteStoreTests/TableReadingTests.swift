// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Testing

@Suite("Reading a store's tables for a copy") struct TableReadingTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func opened(keys: KeyRing = .test) throws -> SQLiteStore {
        try SQLiteStore(existing: folder.file("auth.sqlite"), isReadOnly: true, keys: keys, codec: .test)
    }

    /// All rows of a table.
    private func rows(of name: String) throws -> [[StoreValue]] {
        let table = try #require(StoreTable.all.first { $0.name == name })
        return try opened().readTables { reader in
            var rows: [[StoreValue]] = []
            try reader.forEachBatch(of: table, limit: 2) {
                #expect($0.count <= 2)
                rows += $0
            }
            return rows
        }
    }

    @Test func `the migrated schema has every table and no further column`() async throws {
        let store = try await folder.store()
        // SQLite names the one row of a table; its counter of signals is in a table of its own.
        let foreign: Set = ["only", "last_sequence"]
        let found = try await store.read { reading in
            try StoreTable.all.map { table in
                Set(try reading.database.columns(in: table.name).map(\.name)).subtracting(foreign)
            }
        }
        let declared = StoreTable.all.map { Set($0.columns.map(\.name)).subtracting(foreign) }
        #expect(found == declared)
        let others = try await store.read { reading in
            try String.fetchAll(
                reading.database,
                sql: "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'auth!_%' ESCAPE '!'")
        }
        #expect(Set(others) == Set(StoreTable.all.map(\.name)))
    }

    @Test func `reads signals in their order, and the highest number`() async throws {
        let store = try await folder.store()
        for number in 1...5 { try await store.emit(number) }
        #expect(try rows(of: "auth_outbox").map(\.[0]) == (1...5).map { .integer($0) })
        #expect(try rows(of: "auth_outbox_count").map(\.[0]) == [.integer(5)])
        #expect(try rows(of: "auth_user").isEmpty)
    }

    @Test func `reads ids, flags and missing values by their types`() async throws {
        let user = User.test("ada")
        try await folder.store().transaction { try $0.insert(user) }
        let row = try #require(try rows(of: "auth_user").first)
        #expect(row[0] == .uuid(user.id))
        #expect(row[2] == .text("ada"))
        #expect(row[4] == .integer(1))
        #expect(row[6] == .null)
    }

    @Test func `reports a value of another type`() async throws {
        let store = try await folder.store()
        try await store.emit(1)
        try await store.database.write {
            try $0.execute(sql: "UPDATE auth_outbox SET correlation_id = x'00'")
        }
        let error = #expect(throws: StoreError.self) { try rows(of: "auth_outbox") }
        #expect(error?.code == .damaged)
        #expect(error?.message.contains("correlation_id") == true)
    }

    @Test func `notices that another connection has written meanwhile`() async throws {
        let store = try await folder.store()
        let reading = try opened()
        #expect(try reading.readTables { _ in 1 } == 1)
        let error = #expect(throws: StoreError.self) {
            try reading.readTables { _ in
                try store.database.write { try $0.execute(sql: "UPDATE auth_housekeeping SET ran_at = 1") }
            }
        }
        #expect(error?.code == .busy)
    }

    @Test func `tells whether its secret opens the encrypted values`() async throws {
        let store = try await folder.store()
        #expect(try await opened().opensEncryptedValues() == nil)
        let user = User.test("ada")
        try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.insert(Session.test(of: user.id))
        }
        #expect(try await opened().opensEncryptedValues() == true)
        let other = KeyRing(secret: "another secret, also thirty-two bytes long")
        #expect(try await opened(keys: other).opensEncryptedValues() == false)
    }

    @Test func `names the leases that processes hold`() async throws {
        let store = try await folder.store()
        #expect(try opened().heldLeases.isEmpty)
        let relay = try await store.acquireRelayLease()
        let mail = try await store.acquireMailLease()
        #expect(try opened().heldLeases == ["publishes signals", "delivers mails"])
        relay.release()
        mail.release()
        #expect(try opened().heldLeases.isEmpty)
    }
}
