// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthPostgresInbox
import AuthTesting
import Foundation
import PostgresSupport
import Testing

@Suite(.enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
struct PostgresInboxSchemaTests {
    private static let tables =
        "SELECT string_agg(tablename, ',' ORDER BY tablename) FROM pg_tables WHERE schemaname = current_schema()"

    @Test func `workers that start concurrently create one inbox`() async throws {
        try await InboxDatabase.with { database in
            let inboxes = try (0..<6).map { _ in try database.inbox() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, inbox) in inboxes.enumerated() {
                    group.addTask {
                        try await inbox.markDone(handler: "\(number)", messageID: UUID(), at: Date())
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await inboxes[0].handlers() == ["0", "1", "2", "3", "4", "5"])
            #expect(
                try await database.psql(Self.tables)
                    == "auth_inbox,auth_inbox_begun,auth_inbox_schema,auth_inbox_work,thing")
            #expect(try await database.psql("SELECT version FROM auth_inbox_schema") == "1")
        }
    }

    @Test func `migrating again changes nothing`() async throws {
        try await InboxDatabase.with { database in
            let id = UUID()
            let inbox = try database.inbox()
            try await inbox.markDone(handler: "one", messageID: id, at: Date())
            try await inbox.migrate()
            try await database.inbox().migrate()
            #expect(try await inbox.isDone(handler: "one", messageID: id))
        }
    }

    @Test func `a user who may not create tables can use an inbox that exists`() async throws {
        try await InboxDatabase.with { database in
            try await database.inbox().migrate()
            let schema = database.schema.name
            try await database.psql(
                "ALTER SCHEMA \(schema) OWNER TO CURRENT_USER; GRANT USAGE ON SCHEMA \(schema) TO auth")
            let id = UUID()
            let inbox = try database.inbox()
            try await inbox.markDone(handler: "one", messageID: id, at: Date())
            #expect(try await inbox.isDone(handler: "one", messageID: id))
        }
    }

    @Test func `an inbox that cannot be created for lack of a permission is reported`() async throws {
        try await InboxDatabase.with { database in
            let schema = database.schema.name
            try await database.psql(
                "ALTER SCHEMA \(schema) OWNER TO CURRENT_USER; GRANT USAGE ON SCHEMA \(schema) TO auth")
            let inbox = try database.inbox()
            let error = await #expect(throws: PostgresInboxError.self) { try await inbox.migrate() }
            #expect(error?.code == .missing)
        }
    }

    @Test func `the schema of a newer version is refused`() async throws {
        try await InboxDatabase.with { database in
            try await database.inbox().migrate()
            try await database.psql("INSERT INTO auth_inbox_schema VALUES (1000)")
            let inbox = try database.inbox()
            let error = await #expect(throws: PostgresInboxError.self) {
                try await inbox.isDone(handler: "one", messageID: UUID())
            }
            #expect(error?.code == .newerSchema)
        }
    }

    @Test func `an inbox opened for queries creates nothing`() async throws {
        try await InboxDatabase.with { database in
            let asked = PostgresInbox.existing(pool: try database.pool())
            let error = await #expect(throws: PostgresInboxError.self) { try await asked.handlers() }
            #expect(error?.code == .missing)
            #expect(try await database.psql(Self.tables) == "thing")
            try await database.inbox().markDone(handler: "one", messageID: UUID(), at: Date())
            #expect(try await asked.handlers() == ["one"])
        }
    }
}
