// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Testing

/// The store beside an application's own tables, on its pool and with its migrator.
@Suite struct EmbeddingTests {
    let folder: TemporaryFolder
    let pool: DatabasePool
    let store: SQLiteStore
    let received = Notes<Int>()

    init() throws {
        folder = try TemporaryFolder()
        pool = try DatabasePool(path: folder.file("application.sqlite"))
        var migrator = DatabaseMigrator()
        migrator.registerMigration("application 1") { database in
            try database.execute(sql: "CREATE TABLE invoice (number INTEGER PRIMARY KEY)")
        }
        SQLiteStore.registerMigrations(in: &migrator)
        migrator.registerMigration("application 2") { database in
            try database.execute(sql: "ALTER TABLE invoice ADD COLUMN payer BLOB REFERENCES auth_user (id)")
        }
        try migrator.migrate(pool)
        var receivers = SignalHandlers()
        receivers.on(ThingHappened.self, as: "note") { [received] signal, _ in received.add(signal.number) }
        store = try SQLiteStore(pool: pool, keys: .test, codec: .test, receivers: receivers)
    }

    private func invoices() async throws -> [Int] {
        try await pool.read { try Int.fetchAll($0, sql: "SELECT number FROM invoice ORDER BY number") }
    }

    @Test func `an application's row, a user and a signal commit together`() async throws {
        let user = User.test()
        try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.database.execute(
                sql: "INSERT INTO invoice VALUES (1, ?)", arguments: [user.id])
            try transaction.emit(ThingHappened(1))
        }
        #expect(try await invoices() == [1])
        #expect(try await store.pending().map(\.number) == [1])
        await store.receiversFinished()
        #expect(received.all == [1])
    }

    @Test func `an application's own transaction can emit`() async throws {
        try await pool.write { [store] database in
            try database.execute(sql: "INSERT INTO invoice (number) VALUES (2)")
            try store.joining(database).emit(ThingHappened(2))
        }
        #expect(try await store.pending().map(\.number) == [2])
    }

    @Test
    func `signals of an application's transaction that one of its statements has ended are not delivered`()
        async throws
    {
        try await pool.write { database in
            try database.execute(sql: "INSERT INTO invoice (number) VALUES (8)")
        }
        await #expect(throws: DatabaseError.self) {
            try await pool.write { [store] database in
                try store.joining(database).emit(ThingHappened(8))
                try database.execute(sql: "INSERT OR ROLLBACK INTO invoice (number) VALUES (8)")
            }
        }
        try await pool.write { database in
            try database.execute(sql: "INSERT INTO invoice (number) VALUES (9)")
        }
        await store.receiversFinished()
        #expect(received.all.isEmpty)
        try await pool.write { [store] database in try store.joining(database).emit(ThingHappened(9)) }
        await store.receiversFinished()
        #expect(try await store.pending().map(\.number) == [9])
        #expect(received.all == [9])
    }

    @Test func `a hook that knows only the protocol can write in the transaction`() async throws {
        let seam: any AccountStore = store
        try await seam.transaction { transaction in
            try transaction.sqlite?.execute(sql: "INSERT INTO invoice (number) VALUES (3)")
        }
        #expect(try await invoices() == [3])
    }

    @Test func `a thrown error also rolls back the application's rows`() async throws {
        await #expect(throws: Abandoned.self) {
            try await store.transaction { transaction in
                try transaction.database.execute(sql: "INSERT INTO invoice (number) VALUES (4)")
                try transaction.emit(ThingHappened(4))
                throw Abandoned()
            }
        }
        #expect(try await invoices() == [])
        #expect(try await store.pending().isEmpty)
    }

    @Test func `a signal in a rolled-back savepoint is neither stored nor delivered`() async throws {
        try await store.transaction { transaction in
            try transaction.database.inSavepoint {
                try transaction.emit(ThingHappened(5))
                return .rollback
            }
            try transaction.database.inSavepoint {
                try transaction.emit(ThingHappened(6))
                return .commit
            }
            try transaction.database.inSavepoint {
                try transaction.emit(ThingHappened(7))
                return .rollback
            }
        }
        await store.receiversFinished()
        #expect(try await store.pending().map(\.number) == [6])
        #expect(received.all == [6])
    }

    @Test func `the application's own constraint errors remain GRDB errors`() async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await store.transaction { transaction in
                try transaction.database.execute(sql: "INSERT INTO invoice (number) VALUES (7), (7)")
            }
        }
        #expect(error?.resultCode == .SQLITE_CONSTRAINT)
    }

    @Test func `commits on the application's pool are durable`() async throws {
        let synchronous = try await pool.writeWithoutTransaction {
            try Int.fetchOne($0, sql: "PRAGMA synchronous")
        }
        #expect(synchronous == 2)
    }

    @Test func `all tables begin with auth_`() async throws {
        let tables = try await pool.read {
            try String.fetchAll(
                $0,
                sql: """
                    SELECT name FROM sqlite_schema WHERE type IN ('table', 'index')
                        AND name NOT LIKE 'sqlite_%' AND name NOT IN ('grdb_migrations', 'invoice')
                    """)
        }
        #expect(tables.count > 10)
        #expect(tables.allSatisfy { $0.hasPrefix("auth_") })
    }

    @Test func `rejects a pool without foreign keys`() throws {
        var configuration = Configuration()
        configuration.foreignKeysEnabled = false
        let pool = try DatabasePool(path: folder.file("loose.sqlite"), configuration: configuration)
        let error = #expect(throws: StoreError.self) {
            try SQLiteStore(pool: pool, keys: .test, codec: .test)
        }
        #expect(error?.code == .unsuitable)
    }

    @Test func `accepts a database queue instead of a pool`() async throws {
        let queue = try DatabaseQueue(path: folder.file("queue.sqlite"))
        let store = try SQLiteStore(pool: queue, keys: .test, codec: .test)
        try await store.migrate()
        try await store.emit(1)
        #expect(try await store.pending().map(\.number) == [1])
    }
}
