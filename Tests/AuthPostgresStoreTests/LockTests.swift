// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgresStore
import Foundation
import PostgresSupport
import Testing

/// What a transaction reads by a key cannot be read for writing by another one until it ends.
@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct LockTests {
    static let ada = User.test("ada")
    static let address = ada.address("ada@example.org", verified: true, primary: true)
    static let token = SessionToken.random()
    static let session = ada.session(token)
    static let account = ada.account("1")

    /// The reads by a key, by name.
    enum Read: String, CaseIterable, Sendable {
        case userByID, userByName, addressByID, addressesOfUser, addressesByEmail, freeAddress, session,
            sessionsOfUser
        case socialAccount, freeSocialAccount, socialAccountsOfUser

        func run(_ transaction: PostgresTransaction) throws {
            switch self {
            case .userByID: _ = try transaction.user(id: ada.id)
            case .userByName: _ = try transaction.user(username: "ADA")
            case .addressByID: _ = try transaction.emailAddress(id: address.id)
            case .addressesOfUser: _ = try transaction.emailAddresses(of: ada.id)
            case .addressesByEmail: _ = try transaction.emailAddresses(matching: "Ada@Example.org")
            case .freeAddress: _ = try transaction.emailAddresses(matching: "free@example.org")
            case .session: _ = try transaction.session(tokenHash: token.hash)
            case .sessionsOfUser: _ = try transaction.sessions(of: ada.id, now: transaction.now)
            case .socialAccount: _ = try transaction.socialAccount(provider: "example", uid: "1")
            case .freeSocialAccount: _ = try transaction.socialAccount(provider: "example", uid: "2")
            case .socialAccountsOfUser: _ = try transaction.socialAccounts(of: ada.id)
            }
        }

        /// Another read that must wait for this one.
        var other: Read {
            switch self {
            case .freeAddress, .freeSocialAccount: self
            default: .userByID
            }
        }
    }

    private func store() async throws -> TestStore {
        let test = try await TestStore.make()
        try await test.store.transaction { transaction in
            try transaction.insert(Self.ada)
            try transaction.insert(Self.address)
            try transaction.insert(Self.session)
            try transaction.insert(Self.account)
        }
        return test
    }

    @Test(arguments: Read.allCases)
    func `a transaction waits for another one that has read the same`(_ read: Read) async throws {
        let test = try await store()
        let (backends, order, gate) = (Notes<Int64>(), Notes<String>(), Gate())
        async let first: Void = test.store.transaction { transaction in
            try read.run(transaction)
            backends.add(try transaction.backend())
            gate.pass()
            order.add("first")
        }
        #expect(await becomes { !backends.all.isEmpty })
        let backend = try #require(backends.all.first)
        async let second: Void = test.store.transaction { transaction in
            try read.other.run(transaction)
            order.add("second")
        }
        #expect(try await becomes { try await test.waiting(for: backend) == 1 })
        gate.open()
        _ = try await (first, second)
        #expect(order.all == ["first", "second"])
    }

    @Test func `a view waits for nothing`() async throws {
        let test = try await store()
        let names = try await test.store.transaction { transaction in
            var renamed = Self.ada
            renamed.username = "eve"
            try transaction.update(renamed)
            _ = try transaction.user(username: "eve")
            return renamed.username
        }
        #expect(names == "eve")
        let (backends, gate) = (Notes<Int64>(), Gate())
        async let writer: Void = test.store.transaction { transaction in
            _ = try transaction.session(tokenHash: Self.token.hash)
            backends.add(try transaction.backend())
            gate.pass()
        }
        #expect(await becomes { !backends.all.isEmpty })
        let user = try await test.store.read { reading in
            _ = try reading.session(tokenHash: Self.token.hash)
            return try reading.user(id: Self.ada.id)
        }
        #expect(user?.username == "eve")
        gate.open()
        try await writer
    }

    @Test func `an address can be inserted while another transaction holds its user`() async throws {
        let test = try await store()
        let (backends, gate) = (Notes<Int64>(), Gate())
        async let reader: Void = test.store.transaction { transaction in
            _ = try transaction.user(id: Self.ada.id)
            backends.add(try transaction.backend())
            gate.pass()
        }
        #expect(await becomes { !backends.all.isEmpty })
        // The foreign key takes a lock that does not conflict.
        let session = Self.ada.session()
        try await test.store.transaction { transaction in try transaction.insert(session) }
        gate.open()
        try await reader
        #expect(try await test.count("auth_session") == 2)
    }
}
