// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite struct SocialAccountRowsTests {
    private let ada = User.test("Ada")
    private let bob = User.test("Bob")

    private func store() async throws -> SQLiteStore {
        let store = try SQLiteStore.test()
        try await store.transaction { [ada, bob] transaction in
            try transaction.insert(ada)
            try transaction.insert(bob)
        }
        return store
    }

    private func accounts(of user: User, _ store: SQLiteStore) async throws -> [SocialAccount] {
        try await store.read { (reading: SQLiteReading) in try reading.socialAccounts(of: user.id) }
    }

    private func stored(
        _ uid: String, _ store: SQLiteStore, _ provider: String = "example"
    ) async throws -> SocialAccount? {
        try await store.read { (reading: SQLiteReading) in
            try reading.socialAccount(provider: provider, uid: uid)
        }
    }

    @Test func `an account is found as it was written, updated and deleted`() async throws {
        let store = try await store()
        var account = ada.account("1")
        account.extraData = ["name": "Ada", "groups": ["x", 1, .null, ["deep": true]]]
        let written = account
        try await store.transaction { (transaction: SQLiteTransaction) in try transaction.insert(written) }
        #expect(try await stored("1", store) == written)
        #expect(try await stored("1", store, "other") == nil)
        var changed = written
        changed.lastLogin = changed.dateJoined + 60
        changed.extraData = .object([:])
        let update = changed
        try await store.transaction { (transaction: SQLiteTransaction) in try transaction.update(update) }
        #expect(try await accounts(of: ada, store) == [update])
        try await store.transaction { (transaction: SQLiteTransaction) in try transaction.delete(update) }
        #expect(try await accounts(of: ada, store) == [])
    }

    @Test func `lists accounts in insertion order`() async throws {
        let store = try await store()
        for uid in ["2", "1", "3"] {
            try await store.transaction { [ada] (transaction: SQLiteTransaction) in
                try transaction.insert(ada.account(uid))
            }
        }
        try await store.transaction { [bob] (transaction: SQLiteTransaction) in
            try transaction.insert(bob.account("4"))
        }
        let mine = try await accounts(of: ada, store)
        #expect(mine.map(\.uid) == ["2", "1", "3"])
    }

    @Test func `an account belongs to one user only`() async throws {
        let store = try await store()
        try await store.transaction { [ada] (transaction: SQLiteTransaction) in
            try transaction.insert(ada.account("1"))
        }
        for other in [ada, bob] {
            await #expect(throws: StoreConflict.socialAccount) {
                try await store.transaction { transaction in try transaction.insert(other.account("1")) }
            }
        }
        try await store.transaction { [bob] transaction in
            try transaction.insert(bob.account("1", provider: "other"))
            try transaction.insert(bob.account("2"))
        }
        var moved = try #require(try await stored("2", store))
        moved.uid = "1"
        let update = moved
        await #expect(throws: StoreConflict.socialAccount) {
            try await store.transaction { transaction in try transaction.update(update) }
        }
    }

    @Test func `provider ids are case-sensitive`() async throws {
        let store = try await store()
        try await store.transaction { [ada, bob] transaction in
            try transaction.insert(ada.account("aB"))
            try transaction.insert(bob.account("Ab"))
        }
        #expect(try await store.count("auth_social_account") == 2)
    }

    @Test func `returns the newest token, and deletes it with its account and its user`() async throws {
        let store = try await store()
        let (first, second) = (ada.account("1"), ada.account("2"))
        let expiry = Date().wholeMilliseconds
        try await store.transaction { transaction in
            for account in [first, second] {
                try transaction.insert(account)
                try transaction.store(ProviderToken(accessToken: TokenText("old")), of: account.id)
                try transaction.store(
                    ProviderToken(
                        accessToken: TokenText("new"), tokenType: "mac", scope: "a b",
                        refreshToken: TokenText("again"), expiresAt: expiry), of: account.id)
            }
        }
        let token = try await store.read { (reading: SQLiteReading) in try reading.providerToken(of: first.id)
        }
        #expect(token?.accessToken.exposedText == "new")
        #expect(token?.tokenType == "mac")
        #expect(token?.scope == "a b")
        #expect(token?.refreshToken?.exposedText == "again")
        #expect(token?.expiresAt == expiry)
        try await store.transaction { (transaction: SQLiteTransaction) in try transaction.delete(first) }
        #expect(try await store.count("auth_social_token") == 1)
        try await store.transaction { [ada] (transaction: SQLiteTransaction) in try transaction.delete(ada) }
        #expect(try await store.count("auth_social_token") == 0)
        #expect(try await store.count("auth_social_account") == 0)
    }

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
        try await store.transaction { [ada] (transaction: SQLiteTransaction) in
            try transaction.insert(ada.account("1"))
        }
        #expect(try await store.count("auth_social_account") == 1)
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

    @Test func `a one-time token is accepted once across all processes of the store`() async throws {
        let folder = try TemporaryFolder()
        let (one, other) = (try await folder.store(), try await folder.store())
        let token = OneTimeToken(id: "https://id.example.org 1", expiresAt: Date() + 3600)
        let huge = OneTimeToken(
            id: "https://id.example.org 2", expiresAt: Date(timeIntervalSince1970: 1e300))
        for (token, store, isFirst) in [
            (token, one, true), (token, other, false), (token, one, false), (huge, other, true),
            (huge, one, false),
        ] {
            let taken = try await store.transaction { transaction in try transaction.use(token) }
            #expect(taken == isFirst)
        }
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
