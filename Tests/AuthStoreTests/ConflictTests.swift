// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

/// Unique constraints decide races, since a check before the insert can be outdated; each maps to its own conflict.
@Suite struct ConflictTests {
    let store: SQLiteStore
    let ada = User.test("Ada")
    let bob = User.test("Bob")

    init() async throws {
        store = try .test()
        try await store.transaction { [ada, bob] transaction in
            try transaction.insert(ada)
            try transaction.insert(bob)
            try transaction.insert(ada.address("ada@example.org", verified: true, primary: true))
        }
    }

    private func refusal(
        _ write: @escaping @Sendable (SQLiteTransaction) throws -> Void
    ) async -> StoreConflict? {
        await #expect(throws: StoreConflict.self) { try await store.transaction(write) }
    }

    @Test func `a username is unique regardless of case, at insert and at update`() async throws {
        #expect(await refusal { try $0.insert(User.test("ADA")) } == .username)
        var renamed = bob
        renamed.username = "aDa"
        let update = renamed
        #expect(await refusal { try $0.update(update) } == .username)
    }

    @Test func `users without a username do not collide`() async throws {
        try await store.transaction { transaction in
            try transaction.insert(User.test())
            try transaction.insert(User.test())
        }
        #expect(try await store.count("auth_user") == 4)
    }

    @Test func `only one user can have a verified address, many an unverified one`() async throws {
        let bobs = bob.address("ada@example.org")
        try await store.transaction { transaction in try transaction.insert(bobs) }
        var verified = bobs
        verified.verified = true
        let update = verified
        #expect(await refusal { try $0.update(update) } == .verifiedEmail)
    }

    @Test func `a user cannot have an address twice`() async throws {
        let again = ada.address("ada@example.org")
        #expect(await refusal { try $0.insert(again) } == .duplicateEmail)
        let everything = ada.address("ada@example.org", verified: true, primary: true)
        #expect(await refusal { try $0.insert(everything) } == .duplicateEmail)
    }

    @Test func `a user has at most one primary address`() async throws {
        let other = ada.address("other@example.org", primary: true)
        #expect(await refusal { try $0.insert(other) } == .primaryEmail)
    }

    @Test func `a caught conflict leaves the transaction usable`() async throws {
        let again = ada.address("ada@example.org")
        try await store.transaction { transaction in
            do { try transaction.insert(again) } catch is StoreConflict {}
            try transaction.emit(ThingHappened(1))
        }
        #expect(try await store.pending().count == 1)
    }

    @Test func `a duplicate user id is an error, not a conflict`() async throws {
        let again = ada
        let error = await #expect(throws: StoreError.self) {
            try await store.transaction { transaction in try transaction.insert(again) }
        }
        #expect(error?.code == .rejected)
        #expect(error?.description.contains("Ada") == false)
    }

    @Test func `one of many concurrent sign-ups with the same verified address succeeds`() async throws {
        let folder = try TemporaryFolder()
        let (left, right) = (try await folder.store(), try await folder.store())
        let outcomes = await withTaskGroup(of: StoreConflict?.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let user = User.test()
                    do {
                        try await (index.isMultiple(of: 2) ? left : right).transaction { transaction in
                            try transaction.insert(user)
                            try transaction.insert(user.address("x@example.org", verified: true))
                            try transaction.emit(ThingHappened(index))
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
        #expect(try await left.count("auth_user") == 1)
        #expect(try await left.pending().count == 1)
    }
}
