// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

/// Unique constraints decide races, since a check before the insert can be outdated; each maps to its own conflict.
extension AccountStoreConformance {
    /// Two users, of whom the first has a verified primary address.
    private struct Pair: Sendable {
        let store: any OperatedStore
        let ada = User.test("Ada")
        let bob = User.test("Bob")

        init(_ database: TestDatabase) async throws {
            store = try await database.store()
            try await store.transaction { [ada, bob] transaction in
                try transaction.insert(ada)
                try transaction.insert(bob)
                try transaction.insert(ada.address("ada@example.org", verified: true, primary: true))
            }
        }

        /// The conflict of a write in a transaction of its own, which must leave nothing.
        func refusal(
            _ write: @escaping @Sendable (any AccountTransaction) throws -> Void
        ) async throws -> StoreConflict? {
            let before = try await store.status().emitted
            let conflict = await #expect(throws: StoreConflict.self) {
                try await store.transaction { transaction in
                    try transaction.emit(TestSignal(number: 1))
                    try write(transaction)
                }
            }
            #expect(try await store.status().emitted == before)
            return conflict
        }
    }

    static let conflicts: [Sentence] = [
        Sentence("A username is unique regardless of case, at insert and at update") { database in
            let pair = try await Pair(database)
            #expect(try await pair.refusal { try $0.insert(User.test("ADA")) } == .username)
            var renamed = pair.bob
            renamed.username = "aDa"
            let update = renamed
            #expect(try await pair.refusal { try $0.update(update) } == .username)
        },
        Sentence("Users without a username do not collide") { database in
            let store = try await database.store()
            let users = [User.test(), User.test()]
            try await store.transaction { transaction in
                for user in users { try transaction.insert(user) }
            }
            for user in users { #expect(try await store.user(user.id) == user) }
        },
        Sentence("Only one user can have a verified address, many an unverified one") { database in
            let pair = try await Pair(database)
            let bobs = pair.bob.address("ada@example.org")
            try await pair.store.transaction { transaction in try transaction.insert(bobs) }
            var verified = bobs
            verified.verified = true
            let update = verified
            #expect(try await pair.refusal { try $0.update(update) } == .verifiedEmail)
        },
        Sentence("A user cannot have an address twice") { database in
            let pair = try await Pair(database)
            let again = pair.ada.address("ada@example.org")
            #expect(try await pair.refusal { try $0.insert(again) } == .duplicateEmail)
            let everything = pair.ada.address("ada@example.org", verified: true, primary: true)
            #expect(try await pair.refusal { try $0.insert(everything) } == .duplicateEmail)
        },
        Sentence("A user has at most one primary address") { database in
            let pair = try await Pair(database)
            let other = pair.ada.address("other@example.org", primary: true)
            #expect(try await pair.refusal { try $0.insert(other) } == .primaryEmail)
        },
        Sentence("The primary address moves within one transaction") { database in
            let pair = try await Pair(database)
            let ada = pair.ada
            try await pair.store.transaction { transaction in
                for var former in try transaction.emailAddresses(of: ada.id) {
                    former.primary = false
                    try transaction.update(former)
                }
                try transaction.insert(ada.address("new@example.org", verified: true, primary: true))
            }
            let addresses = try await pair.store.addresses(of: ada.id)
            #expect(addresses.map(\.email) == ["new@example.org", "ada@example.org"])
            #expect(addresses.map(\.primary) == [true, false])
        },
        Sentence("A duplicate user id is an error, not a conflict, and does not quote the row") { database in
            let pair = try await Pair(database)
            let again = pair.ada
            let error = await #expect(throws: StoreError.self) {
                try await pair.store.transaction { transaction in try transaction.insert(again) }
            }
            #expect(error?.code == .rejected)
            #expect(error?.description.contains("Ada") == false)
        },
        Sentence("One of many concurrent sign-ups with the same verified address succeeds") { database in
            let stores = [try await database.store(), try await database.store()]
            let outcomes = await withTaskGroup(of: StoreConflict?.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        let user = User.test()
                        do {
                            try await stores[index % 2].transaction { transaction in
                                try transaction.insert(user)
                                try transaction.insert(user.address("x@example.org", verified: true))
                                try transaction.emit(TestSignal(number: index))
                            }
                            return nil
                        } catch {
                            return error as? StoreConflict
                        }
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(outcomes.filter { $0 == nil }.count == 1)
            #expect(outcomes.filter { $0 == .verifiedEmail }.count == 39)
            #expect(try await stores[0].addresses(matching: "x@example.org").count == 1)
            #expect(try await stores[0].pending().count == 1)
        },
    ]
}
