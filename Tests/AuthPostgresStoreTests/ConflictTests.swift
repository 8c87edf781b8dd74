// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthStore
import Foundation
import PostgresSupport
import Testing

/// Each violated constraint maps to its own conflict, whether a later read or the commit reports it.
@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct ConflictTests {
    let test: TestStore
    let ada = User.test("Ada")
    let bob = User.test("Bob")

    init() async throws {
        test = try await TestStore.make()
        try await test.store.transaction { [ada, bob] transaction in
            try transaction.insert(ada)
            try transaction.insert(bob)
            try transaction.insert(ada.address("ada@example.org", verified: true, primary: true))
            try transaction.insert(ada.account("1"))
        }
    }

    /// The conflict that the commit reports, and the one that the next statement reports.
    private func conflicts(
        _ write: @escaping @Sendable (PostgresTransaction) throws -> Void
    ) async throws -> [StoreConflict?] {
        let atCommit = await #expect(throws: StoreConflict.self) { try await test.store.transaction(write) }
        let atRead = await #expect(throws: StoreConflict.self) {
            try await test.store.transaction { transaction in
                try write(transaction)
                // Not known to the transaction, so that it needs a statement.
                _ = try transaction.user(id: UUID())
            }
        }
        return [atCommit, atRead]
    }

    @Test func `a taken username, whatever its case`() async throws {
        #expect(try await conflicts { try $0.insert(User.test("ADA")) } == [.username, .username])
        var renamed = bob
        renamed.username = "aDa"
        let update = renamed
        #expect(try await conflicts { try $0.update(update) } == [.username, .username])
    }

    @Test func `an address that the user has already, before any other conflict`() async throws {
        let again = ada.address("ada@example.org")
        #expect(try await conflicts { try $0.insert(again) } == [.duplicateEmail, .duplicateEmail])
        let everything = ada.address("ada@example.org", verified: true, primary: true)
        #expect(try await conflicts { try $0.insert(everything) } == [.duplicateEmail, .duplicateEmail])
    }

    @Test func `an address that another user has verified, before the primary address`() async throws {
        let first = bob.address("bob@example.org", primary: true)
        try await test.store.transaction { transaction in try transaction.insert(first) }
        let verified = bob.address("ada@example.org", verified: true, primary: true)
        #expect(try await conflicts { try $0.insert(verified) } == [.verifiedEmail, .verifiedEmail])
    }

    @Test func `a second primary address`() async throws {
        let other = ada.address("other@example.org", primary: true)
        #expect(try await conflicts { try $0.insert(other) } == [.primaryEmail, .primaryEmail])
    }

    @Test func `an account at a provider that is connected already`() async throws {
        let account = bob.account("1")
        #expect(try await conflicts { try $0.insert(account) } == [.socialAccount, .socialAccount])
    }

    @Test func `a duplicate user id is an error of the store, not a conflict`() async throws {
        let error = await #expect(throws: StoreError.self) {
            try await test.store.transaction { [ada] transaction in try transaction.insert(ada) }
        }
        #expect(error?.code == .rejected)
        #expect(error?.description.contains("Ada") == false)
    }

    @Test func `an address of a user who does not exist is an error of the store`() async throws {
        let address = User.test().address("nobody@example.org")
        let error = await #expect(throws: StoreError.self) {
            try await test.store.transaction { transaction in try transaction.insert(address) }
        }
        #expect(error?.code == .rejected)
    }

    @Test func `an application's own constraint keeps PostgreSQL's error`() async throws {
        try await test.schema.psql(
            "CREATE TABLE invoice (number bigint CONSTRAINT invoice_pkey PRIMARY KEY); GRANT ALL ON invoice TO auth"
        )
        let error = await #expect(throws: PostgresError.self) {
            try await test.store.transaction { transaction in
                for _ in 0..<2 { try transaction.connection.query("INSERT INTO invoice VALUES (7)") }
            }
        }
        #expect(error?.constraint == "invoice_pkey")
    }

    @Test func `a conflict that a savepoint undoes leaves the transaction usable`() async throws {
        try await test.store.transaction { [ada] transaction in
            do {
                try transaction.savepoint {
                    try transaction.emit(ThingHappened(1))
                    try transaction.insert(ada.address("ada@example.org"))
                }
            } catch is StoreConflict {}
            try transaction.insert(ada.address("second@example.org"))
            try transaction.emit(ThingHappened(2))
        }
        #expect(try await test.count("auth_email_address") == 2)
        #expect(try await test.count("auth_outbox") == 1)
    }

    @Test func `a conflict that the body ignores is still thrown by the transaction`() async throws {
        let error = await #expect(throws: StoreConflict.self) {
            try await test.store.transaction { [ada] transaction in
                try? transaction.insert(ada.address("ada@example.org"))
                _ = try? transaction.user(id: UUID())
                try transaction.emit(ThingHappened(1))
            }
        }
        #expect(error == .duplicateEmail)
        #expect(try await test.count("auth_outbox") == 0)
    }
}
