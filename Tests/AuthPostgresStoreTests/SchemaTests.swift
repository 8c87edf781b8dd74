// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthStore
import Foundation
import PostgresSupport
import Testing

@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct SchemaTests {
    @Test func `an empty schema is outdated until it is migrated`() async throws {
        let test = try TestStore(schema: try await PrivatePostgres.shared.schema())
        let error = await #expect(throws: StoreError.self) { try await test.store.checkSchema() }
        #expect(error?.code == .outdatedSchema)
        try await test.store.migrate()
        try await test.store.checkSchema()
        try await test.store.migrate()
        try await test.store.checkReachable()
    }

    @Test func `many processes migrate an empty schema at the same time`() async throws {
        let schema = try await PrivatePostgres.shared.schema()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask { try await TestStore(schema: schema, connections: 1).store.migrate() }
            }
            try await group.waitForAll()
        }
        #expect(try await schema.psql("SELECT count(*) FROM auth_outbox_count").hasPrefix("1"))
        try await TestStore(schema: schema).store.checkSchema()
    }

    @Test func `a schema of a newer version is refused`() async throws {
        let test = try await TestStore.make()
        try await test.schema.psql("INSERT INTO auth_migration (name) VALUES ('auth_store_999')")
        for call in [test.store.checkSchema, test.store.migrate] {
            let error = await #expect(throws: StoreError.self) { try await call() }
            #expect(error?.code == .newerSchema)
        }
    }

    @Test func `a migration that fails leaves nothing`() async throws {
        let schema = try await PrivatePostgres.shared.schema()
        // The last tables of the migration cannot be created.
        try await schema.psql("CREATE TABLE auth_attempt (id int)")
        let test = try TestStore(schema: schema)
        await #expect(throws: (any Error).self) { try await test.store.migrate() }
        let tables = try await schema.psql(
            "SELECT count(*) FROM pg_class WHERE relnamespace = '\(schema.name)'::regnamespace AND relkind = 'r'"
        )
        #expect(tables.hasPrefix("1"))
        try await schema.psql("DROP TABLE auth_attempt")
        try await test.store.migrate()
    }

    @Test func `a schema that does not exist is reported`() async throws {
        let schema = try await PrivatePostgres.shared.schema()
        let test = try TestStore(schema: schema)
        try await schema.drop()
        let error = await #expect(throws: StoreError.self) { try await test.store.migrate() }
        #expect(error?.code == .unsuitable)
    }

    @Test func `two stores in two schemas of one database do not meet`() async throws {
        let (left, right) = (try await TestStore.make(), try await TestStore.make())
        let user = User.test("ada")
        for test in [left, right] {
            try await test.store.transaction { transaction in try transaction.insert(user) }
        }
        #expect(try await left.count("auth_user") == 1)
        #expect(try await right.count("auth_user") == 1)
    }

    @Test func `all tables, constraints and indexes begin with auth_`() async throws {
        let test = try await TestStore.make()
        let names = try await test.schema.psql(
            """
            SELECT relname FROM pg_class WHERE relnamespace = '\(test.schema.name)'::regnamespace
            UNION SELECT conname FROM pg_constraint WHERE connamespace = '\(test.schema.name)'::regnamespace
            """
        ).split(separator: "\n")
        #expect(names.count > 40)
        #expect(names.allSatisfy { $0.hasPrefix("auth_") })
    }
}
