// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import Foundation
import PostgresSupport
import Testing

/// What a transaction keeps is what the database would answer.
@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct CacheTests {
    let test: TestStore
    let ada = User.test("ada")

    init() async throws {
        test = try await TestStore.make()
        try await test.store.transaction { [ada] transaction in try transaction.insert(ada) }
    }

    /// Compares the addresses that the transaction keeps with those that another one reads.
    private func compare(
        _ changes: @escaping @Sendable (PostgresTransaction) throws -> Void
    ) async throws {
        let kept = try await test.store.transaction { [ada] transaction in
            _ = try transaction.emailAddresses(of: ada.id)
            _ = try transaction.emailAddresses(matching: "b@example.org")
            try changes(transaction)
            return (
                try transaction.emailAddresses(of: ada.id),
                try transaction.emailAddresses(matching: "b@example.org")
            )
        }
        let stored = try await test.store.read { [ada] (reading: PostgresReading) in
            (try reading.emailAddresses(of: ada.id), try reading.emailAddresses(matching: "b@example.org"))
        }
        #expect(kept.0 == stored.0)
        #expect(kept.1 == stored.1)
    }

    @Test func `inserted, changed and deleted addresses are known at once, in the order of the store`()
        async throws
    {
        let (a, b, c) = (
            ada.address("a@example.org"), ada.address("b@example.org"), ada.address("c@example.org")
        )
        try await compare { transaction in
            for address in [a, b, c] { try transaction.insert(address) }
        }
        try await compare { transaction in
            var (first, second) = (b, c)
            first.primary = true
            first.verified = true
            second.email = "d@example.org"
            try transaction.update(first)
            try transaction.update(second)
        }
        try await compare { transaction in try transaction.delete(a) }
        try await compare { transaction in
            var other = b
            other.primary = false
            try transaction.update(other)
            try transaction.delete(b)
            try transaction.insert(b)
        }
    }

    @Test func `an address that another user has is found with that user's`() async throws {
        let bob = User.test("bob")
        let (his, hers) = (bob.address("b@example.org", verified: true), ada.address("b@example.org"))
        try await test.store.transaction { transaction in
            try transaction.insert(bob)
            try transaction.insert(his)
        }
        try await compare { transaction in try transaction.insert(hers) }
        try await compare { transaction in try transaction.delete(bob) }
    }

    @Test func `times are known as they are stored`() async throws {
        let token = SessionToken.random()
        var user = ada
        user.lastLogin = Date(timeIntervalSince1970: 1_700_000_000.123_456)
        var session = ada.session(token)
        session.lastSeenAt = Date(timeIntervalSince1970: 1_700_000_000.000_9)
        session.userAgent = "a\u{0}b"
        let (changed, inserted) = (user, session)
        let kept = try await test.store.transaction { [ada] transaction in
            _ = try transaction.user(id: ada.id)
            try transaction.update(changed)
            try transaction.insert(inserted)
            return (try transaction.user(id: ada.id), try transaction.session(tokenHash: token.hash))
        }
        let stored = try await test.store.read { [ada] (reading: PostgresReading) in
            (try reading.user(id: ada.id), try reading.session(tokenHash: token.hash))
        }
        #expect(kept.0 == stored.0)
        #expect(kept.1?.lastSeenAt == stored.1?.lastSeenAt)
        #expect(kept.1?.userAgent == stored.1?.userAgent)
    }

    @Test func `a session with a new token is found by it only`() async throws {
        let (old, new) = (SessionToken.random(), SessionToken.random())
        let session = ada.session(old)
        try await test.store.transaction { transaction in try transaction.insert(session) }
        let found = try await test.store.transaction { transaction in
            guard var session = try transaction.session(tokenHash: old.hash) else { throw Abandoned() }
            session.tokenHash = new.hash
            try transaction.update(session)
            return [
                try transaction.session(tokenHash: old.hash)?.id,
                try transaction.session(tokenHash: new.hash)?.id,
            ]
        }
        #expect(found == [nil, session.id])
    }

    @Test func `a savepoint that is undone restores what is known`() async throws {
        let address = ada.address("a@example.org")
        let found = try await test.store.transaction { [ada] transaction in
            _ = try transaction.emailAddresses(of: ada.id)
            do {
                try transaction.savepoint {
                    var renamed = ada
                    renamed.username = "eve"
                    try transaction.update(renamed)
                    try transaction.insert(address)
                    try transaction.emit(ThingHappened(1))
                    throw Abandoned()
                }
            } catch is Abandoned {}
            return (
                try transaction.user(id: ada.id)?.username, try transaction.emailAddresses(of: ada.id).count
            )
        }
        #expect(found.0 == "ada")
        #expect(found.1 == 0)
        #expect(try await test.signals().isEmpty)
    }

    @Test func `a text that PostgreSQL cannot store is found nowhere`() async throws {
        let found = try await test.store.transaction { transaction in
            [
                try transaction.user(username: "a\u{0}") == nil,
                try transaction.emailAddresses(matching: "a\u{0}@example.org").isEmpty,
                try transaction.socialAccount(provider: "a\u{0}", uid: "1") == nil,
                try transaction.socialAccount(provider: "example", uid: "\u{0}") == nil,
            ]
        }
        #expect(found == [true, true, true, true])
    }
}
