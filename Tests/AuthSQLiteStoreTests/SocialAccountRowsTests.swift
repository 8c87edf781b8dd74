// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

/// What is particular to SQLite's files; the contract is checked by ``StoreConformanceTests``.
@Suite struct SocialAccountRowsTests {
    private let ada = User.test("Ada")
    private let bob = User.test("Bob")

    @Test func `a token is encrypted in the files and bound to its account`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        let (first, second) = (ada.account("1"), bob.account("2"))
        try await store.transaction { [ada, bob] transaction in
            try transaction.insert(ada)
            try transaction.insert(bob)
            for account in [first, second] {
                try transaction.insert(account)
                try transaction.store(
                    ProviderToken(
                        accessToken: TokenText("PLANTED-access"), refreshToken: TokenText("PLANTED-refresh")),
                    of: account.id)
            }
        }
        #expect(try folder.allBytes().range(of: Data("PLANTED".utf8)) == nil)
        try await store.transaction { transaction in
            try transaction.database.execute(
                sql: """
                    UPDATE auth_social_token SET token =
                        (SELECT token FROM auth_social_token WHERE account_id = ?)
                    """, arguments: [second.id])
        }
        await #expect(throws: KeyRingError.changed) {
            try await store.read { reading in _ = try reading.providerToken(of: first.id) }
        }
    }

    @Test func `migrates a store without social accounts and keeps its rows`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.file("auth.sqlite"))
        try SQLiteStore.migrator.migrate(queue, upTo: "auth_store_1")
        try await queue.write { [ada] database in
            try database.execute(
                sql:
                    "INSERT INTO auth_user (id, username, username_key, is_active, date_joined) VALUES (?,?,?,1,0)",
                arguments: [ada.id, "Ada", "ada"])
        }
        try queue.close()
        let store = try await folder.store()
        let user = try await store.read { (reading: SQLiteReading) in try reading.user(username: "ada") }
        #expect(user?.username == "Ada")
        #expect(user?.language == nil)
        try await store.transaction { [ada] (transaction: SQLiteTransaction) in
            try transaction.insert(ada.account("1"))
        }
        #expect(try await store.count("auth_social_account") == 1)
    }

    @Test func `a user whose language only another version knows has none`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        try await store.transaction { [ada] (transaction: SQLiteTransaction) in try transaction.insert(ada) }
        for code in ["fr", "", "de-AT"] {
            try await store.database.write {
                try $0.execute(sql: "UPDATE auth_user SET language = ?", arguments: [code])
            }
            let user = try await store.read { [ada] (reading: SQLiteReading) in try reading.user(id: ada.id) }
            #expect(user?.id == ada.id)
            #expect(user?.language == nil)
        }
    }

    @Test func `migrates Bitbucket accounts from the username to the permanent id`() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.file("auth.sqlite"))
        try SQLiteStore.migrator.migrate(queue, upTo: "auth_store_3")
        let profile = #"{"username":"ada","account_id":"557058:ada"}"#
        let rows: [(provider: String, uid: String, profile: String)] = [
            ("bitbucket_oauth2", "ada", profile),
            // Not changed: stored by another field, without the id, damaged, or of another provider.
            ("bitbucket_oauth2", "{4be5-uuid}", profile),
            ("bitbucket_oauth2", "bob", #"{"username":"bob"}"#),
            ("bitbucket_oauth2", "eve", "not JSON"), ("example", "ada", profile),
        ]
        try await queue.write { [ada] database in
            try database.execute(
                sql:
                    "INSERT INTO auth_user (id, username, username_key, is_active, date_joined) VALUES (?,?,?,1,0)",
                arguments: [ada.id, "Ada", "ada"])
            for row in rows {
                try database.execute(
                    sql: """
                        INSERT INTO auth_social_account (id, user_id, provider, uid, date_joined, extra_data)
                        VALUES (?, ?, ?, ?, 0, ?)
                        """,
                    arguments: [UUID.version7(), ada.id, row.provider, row.uid, Data(row.profile.utf8)])
            }
        }
        try SQLiteStore.migrator.migrate(queue)
        let uids = try await queue.read { database in
            try String.fetchAll(database, sql: "SELECT uid FROM auth_social_account ORDER BY position")
        }
        #expect(uids == ["557058:ada", "{4be5-uuid}", "bob", "eve", "ada"])
    }

    @Test func `deletes expired one-time tokens`() async throws {
        let clock = FixedClock()
        let store = try SQLiteStore.inMemory(keys: KeyRing(secret: "a secret of these tests"), clock: clock)
        let now = clock.now()
        _ = try await store.transaction { try $0.use(OneTimeToken(id: "1", expiresAt: now + 60)) }
        clock.advance(by: .seconds(86_400 + 61))
        _ = try await store.transaction { try $0.use(OneTimeToken(id: "2", expiresAt: now + 90_000)) }
        #expect(try await store.count("auth_one_time_token") == 1)
    }
}

extension User {
    fileprivate func account(_ uid: String, provider: String = "example") -> SocialAccount {
        SocialAccount(
            id: .version7(), userID: id, provider: provider, uid: uid, dateJoined: Date().wholeMilliseconds)
    }
}
