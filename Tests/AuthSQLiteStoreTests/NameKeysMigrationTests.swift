// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Testing

/// A store from a version that did not compare addresses by their A-labels.
@Suite struct NameKeysMigrationTests {
    private let folder: TemporaryFolder
    private let queue: DatabaseQueue

    init() throws {
        folder = try TemporaryFolder()
        queue = try DatabaseQueue(path: folder.file("auth.sqlite"))
        try SQLiteStore.migrator.migrate(queue, upTo: "auth_store_3")
    }

    private func insert(_ user: User, _ emails: (String, verified: Bool, primary: Bool)...) throws {
        try queue.write { database in
            try database.execute(
                sql:
                    "INSERT INTO auth_user (id, username, username_key, is_active, date_joined) VALUES (?,?,?,1,0)",
                arguments: [
                    user.id, user.username,
                    user.username?.precomposedStringWithCompatibilityMapping.lowercased(),
                ])
            for (email, verified, primary) in emails {
                try database.execute(
                    sql: """
                        INSERT INTO auth_email_address (id, user_id, email, verified, is_primary)
                        VALUES (?, ?, ?, ?, ?)
                        """, arguments: [UUID.version7(), user.id, email, verified, primary])
            }
        }
    }

    private func migrated() async throws -> SQLiteStore {
        try queue.close()
        return try await folder.store()
    }

    @Test func `every form of an address gets the same key and its display form`() async throws {
        let users = (0..<5).map { User.test("user\($0)") }
        let forms = [
            "ada@mu\u{308}nchen.example", "bob@xn--mnchen-3ya.example", "eve@ｍünchen.example", "dan@x.org",
            "fay@ü_x.example",
        ]
        for (user, form) in zip(users, forms) { try insert(user, (form, true, true)) }
        let store = try await migrated()
        let found = try await store.read { (reading: SQLiteReading) in
            try users.map { try reading.emailAddresses(of: $0.id).map(\.email) }
        }
        #expect(
            found.map { $0.map { Array($0.utf8) } }
                == [
                    "ada@münchen.example", "bob@münchen.example", "eve@münchen.example", "dan@x.org",
                    "fay@ü_x.example",
                ].map { [Array($0.utf8)] })
        for form in forms {
            let rows = try await store.read { (reading: SQLiteReading) in
                try reading.emailAddresses(matching: form)
            }
            #expect(rows.count == 1)
        }
        #expect(try await store.duplicateEmails() == [])
    }

    @Test func `users with the same address remain and are reported, and no other user can verify it`()
        async throws
    {
        let users = (0..<4).map { _ in User.test() }
        let forms = [
            "ada@münchen.example", "ada@mu\u{308}nchen.example", "ada@xn--mnchen-3ya.example",
            "ada@ｍünchen.example",
        ]
        for (user, form) in zip(users, forms) { try insert(user, (form, true, true)) }
        let store = try await migrated()
        #expect(try await store.duplicateEmails() == [DuplicateEmail(users: users.map(\.id))])
        let rows = try await store.read { (reading: SQLiteReading) in
            try reading.emailAddresses(matching: forms[1])
        }
        #expect(rows.map(\.userID) == users.map(\.id))
        #expect(rows.allSatisfy { $0.verified && $0.primary })

        // Each of the rows can be written as before.
        try await store.transaction { (transaction: SQLiteTransaction) in
            for row in rows {
                var row = row
                row.primary = false
                try transaction.update(row)
                row.primary = true
                try transaction.update(row)
            }
        }
        let other = User.test()
        await #expect(throws: StoreConflict.verifiedEmail) {
            try await store.transaction { (transaction: SQLiteTransaction) in
                try transaction.insert(other)
                try transaction.insert(other.address(forms[2], verified: true))
            }
        }
        try await store.transaction { (transaction: SQLiteTransaction) in
            for user in users.dropFirst() { try transaction.delete(user) }
        }
        #expect(try await store.duplicateEmails() == [])
    }

    @Test func `a user with several forms of an address keeps all rows`() async throws {
        let user = User.test()
        try insert(
            user, ("ada@mu\u{308}nchen.example", false, false), ("ada@münchen.example", true, true),
            ("ada@xn--mnchen-3ya.example", false, false))
        let store = try await migrated()
        let rows = try await store.read { (reading: SQLiteReading) in
            try reading.emailAddresses(of: user.id)
        }
        #expect(rows.count == 3)
        #expect(rows[0].verified && rows[0].primary)
        #expect(try await store.duplicateEmails() == [DuplicateEmail(users: [user, user, user].map(\.id))])
    }

    @Test func `users are still found by their usernames`() async throws {
        let users = ["Ada", "ＢＯＢ", "İ\u{327}x", "q" + String(repeating: "\u{301}", count: 2000)].map {
            User.test($0)
        }
        for user in users { try insert(user) }
        let store = try await migrated()
        for user in users.prefix(3) {
            let found = try await store.read { (reading: SQLiteReading) in
                try reading.user(username: user.username ?? "")
            }
            #expect(found?.id == user.id)
        }
    }
}
