// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import Foundation
import PostgresSupport
import Testing

/// Sessions of one store that several processes use.
@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct SessionTests {
    let test: TestStore
    let ada = User.test("ada")

    init() async throws {
        test = try await TestStore.make()
        try await test.store.transaction { [ada] transaction in
            try transaction.insert(ada)
            try transaction.insert(ada.address("ada@example.org", primary: true))
        }
    }

    @Test func `an expired session of a user is announced, an anonymous one is not`() async throws {
        try await test.store.transaction { [ada] transaction in
            for seconds in [-3.0, -2, -1, 3600] {
                try transaction.insert(ada.session(expires: Date() + seconds))
            }
            try transaction.insert(Session.test(expires: Date() - 4))
        }
        let first = try await test.store.transaction { transaction in
            try transaction.deleteExpiredSessions(limit: 2)
        }
        #expect(first == 2)
        #expect(try await test.signals().count == 1)
        let rest = try await test.store.transaction { transaction in
            try transaction.deleteExpiredSessions(limit: 100)
        }
        #expect(rest == 2)
        #expect(try await test.signals() == Array(repeating: SessionEnded.name.rawValue, count: 3))
        #expect(try await test.count("auth_session") == 1)
    }

    @Test func `one process at a time deletes expired sessions`() async throws {
        try await test.store.transaction { [ada] transaction in
            try transaction.insert(ada.session(expires: Date() - 1))
        }
        let (counts, gate) = (Notes<Int>(), Gate())
        async let first: Void = test.store.transaction { transaction in
            counts.add(try transaction.deleteExpiredSessions(limit: 10))
            gate.pass()
        }
        #expect(await becomes { counts.all.count == 1 })
        let second = try await test.store.transaction { transaction in
            try transaction.deleteExpiredSessions(limit: 10)
        }
        gate.open()
        try await first
        #expect(counts.all == [1])
        #expect(second == 0)
        #expect(try await test.signals().count == 1)
    }

    @Test func `a session that a flow uses now is not deleted`() async throws {
        let token = SessionToken.random()
        try await test.store.transaction { [ada] transaction in
            try transaction.insert(ada.session(token, expires: Date() - 1))
        }
        let (found, gate) = (Notes<Bool>(), Gate())
        async let flow: Void = test.store.transaction { transaction in
            found.add(try transaction.session(tokenHash: token.hash) != nil)
            gate.pass()
        }
        #expect(await becomes { !found.all.isEmpty })
        let deleted = try await test.store.transaction { transaction in
            try transaction.deleteExpiredSessions(limit: 10)
        }
        gate.open()
        try await flow
        #expect(deleted == 0)
        #expect(try await test.count("auth_session") == 1)
    }

    @Test func `times of use are written together and only move forward`() async throws {
        let (old, new) = (ada.session(), ada.session())
        try await test.store.transaction { transaction in
            try transaction.insert(old)
            try transaction.insert(new)
        }
        let later = (Date() + 100).wholeMilliseconds
        try await test.store.transaction { transaction in
            try transaction.markSeen(old.id, at: later)
            try transaction.markSeen(new.id, at: .distantPast)
            try transaction.markSeen(UUID(), at: later)
        }
        let times = try await test.store.read { [ada] (reading: PostgresReading) in
            Dictionary(
                uniqueKeysWithValues: try reading.sessions(of: ada.id, now: Date()).map {
                    ($0.id, $0.lastSeenAt)
                })
        }
        #expect(times == [old.id: later, new.id: new.lastSeenAt])
    }

    @Test func `ending all sessions but one returns how many were valid`() async throws {
        let kept = ada.session()
        let count = try await test.store.transaction { [ada] transaction in
            try transaction.insert(kept)
            try transaction.insert(ada.session())
            try transaction.insert(ada.session(expires: Date() - 5))
            return try transaction.deleteSessions(of: ada.id, except: kept.id)
        }
        #expect(count == 1)
        #expect(try await test.count("auth_session") == 1)
    }

    @Test func `a one-time token is used once, whichever process is first`() async throws {
        let token = OneTimeToken(id: "issuer jti", expiresAt: Date() + 60)
        let uses = try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    try await test.store.transaction { transaction in try transaction.use(token) }
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(uses.filter { $0 }.count == 1)
    }

    @Test func `signals about a user that the page contains have lower numbers, later ones have higher ones`()
        async throws
    {
        for number in 1...3 {
            try await test.store.transaction { [ada] transaction in
                try transaction.emit(ThingHappened(number, of: ada.subject))
            }
            let page = try await test.store.users(after: nil, joinedFrom: nil, limit: 10)
            #expect(page.sequence == Int64(number))
        }
        #expect(try await test.schema.psql("SELECT max(sequence) FROM auth_outbox").hasPrefix("3"))
    }

    @Test func `a page of users has their addresses, and the number of the last signal`()
        async throws
    {
        let bob = User.test("bob")
        try await test.store.transaction { transaction in try transaction.insert(bob) }
        let page = try await test.store.users(after: nil, joinedFrom: nil, limit: 1)
        #expect(page.users.map(\.user.id) == [ada.id])
        #expect(page.users.first?.emailAddresses.map(\.email) == ["ada@example.org"])
        #expect(page.sequence == 0)
        let next = try await test.store.users(after: ada.id, joinedFrom: nil, limit: 10)
        #expect(next.users.map(\.user.id) == [bob.id])
        #expect(try await test.store.users(after: bob.id, joinedFrom: nil, limit: 10).users.isEmpty)
        #expect(try await test.store.users(after: nil, joinedFrom: .distantFuture, limit: 10).users.isEmpty)
        #expect(try await test.store.users(after: nil, joinedFrom: nil, limit: -1).users.isEmpty)
    }
}
