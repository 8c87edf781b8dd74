// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    /// Two users, and the calls about their accounts at providers.
    private struct Pair: Sendable {
        let store: any OperatedStore
        let ada = User.test("Ada")
        let bob = User.test("Bob")

        init(_ database: TestDatabase) async throws {
            store = try await database.store()
            try await store.transaction { [ada, bob] transaction in
                try transaction.insert(ada)
                try transaction.insert(bob)
            }
        }

        func stored(_ uid: String, _ provider: String = "example") async throws -> SocialAccount? {
            try await store.read { try $0.socialAccount(provider: provider, uid: uid) }
        }

        func insert(_ accounts: SocialAccount...) async throws {
            try await store.transaction { transaction in
                for account in accounts { try transaction.insert(account) }
            }
        }
    }

    static let socialAccounts: [Sentence] = [
        Sentence("An account at a provider is found as it was written, updated and deleted") { database in
            let pair = try await Pair(database)
            var account = pair.ada.account("1")
            account.extraData = ["name": "Ada", "groups": ["x", 1, .null, ["deep": true]]]
            let written = account
            try await pair.insert(written)
            #expect(try await pair.stored("1") == written)
            #expect(try await pair.stored("1", "other") == nil)
            account.lastLogin = account.dateJoined.addingTimeInterval(60)
            account.extraData = .object([:])
            let update = account
            try await pair.store.transaction { transaction in try transaction.update(update) }
            #expect(try await pair.store.socialAccounts(of: pair.ada.id) == [update])
            try await pair.store.transaction { transaction in try transaction.delete(update) }
            #expect(try await pair.store.socialAccounts(of: pair.ada.id) == [])
        },
        Sentence("Lists accounts at providers in insertion order") { database in
            let pair = try await Pair(database)
            for uid in ["2", "1", "3"] { try await pair.insert(pair.ada.account(uid)) }
            try await pair.insert(pair.bob.account("4"))
            #expect(try await pair.store.socialAccounts(of: pair.ada.id).map(\.uid) == ["2", "1", "3"])
        },
        Sentence("An account at a provider belongs to one user only") { database in
            let pair = try await Pair(database)
            try await pair.insert(pair.ada.account("1"))
            for other in [pair.ada, pair.bob] {
                await #expect(throws: StoreConflict.socialAccount) {
                    try await pair.insert(other.account("1"))
                }
            }
            try await pair.insert(pair.bob.account("1", provider: "other"), pair.bob.account("2"))
            var moved = try #require(try await pair.stored("2"))
            moved.uid = "1"
            let update = moved
            await #expect(throws: StoreConflict.socialAccount) {
                try await pair.store.transaction { transaction in try transaction.update(update) }
            }
        },
        Sentence("The ids at providers are case-sensitive") { database in
            let pair = try await Pair(database)
            try await pair.insert(pair.ada.account("aB"), pair.bob.account("Ab"))
            #expect(try await pair.stored("aB")?.userID == pair.ada.id)
            #expect(try await pair.stored("Ab")?.userID == pair.bob.id)
        },
        Sentence("Returns the newest token of an account, and deletes it with the account and its user") {
            database in
            let pair = try await Pair(database)
            let (first, second) = (pair.ada.account("1"), pair.ada.account("2"))
            let expiry = FixedClock.start.addingTimeInterval(60)
            try await pair.store.transaction { transaction in
                for account in [first, second] {
                    try transaction.insert(account)
                    try transaction.store(ProviderToken(accessToken: TokenText("old")), of: account.id)
                    try transaction.store(
                        ProviderToken(
                            accessToken: TokenText("new"), tokenType: "mac", scope: "a b",
                            refreshToken: TokenText("again"), expiresAt: expiry), of: account.id)
                }
            }
            let token = try await pair.store.read { try $0.providerToken(of: first.id) }
            #expect(token?.accessToken.exposedText == "new")
            #expect(token?.tokenType == "mac")
            #expect(token?.scope == "a b")
            #expect(token?.refreshToken?.exposedText == "again")
            #expect(token?.expiresAt == expiry)
            // Inserted again, the account has no token: it was deleted with the former row.
            try await pair.store.transaction { transaction in try transaction.delete(first) }
            try await pair.insert(first)
            #expect(try await pair.store.read { try $0.providerToken(of: first.id) } == nil)
            #expect(try await pair.store.read { try $0.providerToken(of: second.id) } != nil)
            let ada = pair.ada
            try await pair.store.transaction { transaction in
                try transaction.delete(ada)
                try transaction.insert(ada)
                try transaction.insert(second)
            }
            #expect(try await pair.store.read { try $0.providerToken(of: second.id) } == nil)
        },
        Sentence("A one-time token is accepted once across all processes of the store") { database in
            let (one, other) = (try await database.store(), try await database.store())
            let token = OneTimeToken(
                id: "https://id.example.org 1", expiresAt: FixedClock.start.addingTimeInterval(3600))
            let huge = OneTimeToken(
                id: "https://id.example.org 2", expiresAt: Date(timeIntervalSince1970: 1e300))
            for (token, store, isFirst) in [
                (token, one, true), (token, other, false), (token, one, false), (huge, other, true),
                (huge, one, false),
            ] {
                let taken = try await store.transaction { transaction in try transaction.use(token) }
                #expect(taken == isFirst)
            }
        },
        Sentence("Of many concurrent uses of a one-time token one is the first") { database in
            let stores = [try await database.store(), try await database.store()]
            let token = OneTimeToken(id: "1", expiresAt: FixedClock.start.addingTimeInterval(3600))
            let firsts = try await withThrowingTaskGroup(of: Bool.self) { group in
                for index in 0..<16 {
                    group.addTask { try await stores[index % 2].transaction { try $0.use(token) } }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(firsts == 1)
        },
        Sentence("A one-time token whose transaction was rolled back was not used") { database in
            let store = try await database.store()
            let token = OneTimeToken(id: "1", expiresAt: FixedClock.start.addingTimeInterval(3600))
            await #expect(throws: RolledBack.self) {
                try await store.transaction { transaction in
                    _ = try transaction.use(token)
                    throw RolledBack()
                }
            }
            #expect(try await store.transaction { try $0.use(token) })
        },
    ]
}
