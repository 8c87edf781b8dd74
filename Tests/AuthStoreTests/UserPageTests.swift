// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

@Suite struct UserPageTests {
    private static let start = Date(timeIntervalSince1970: 1_700_000_000)
    private let store: SQLiteStore
    /// Users that joined a second apart, the last one first in the store.
    private let users: [User]

    init() async throws {
        let users = (0..<5).map { number in
            let time = Self.start + Double(number)
            return User(id: .version7(at: time), username: "user\(number)", dateJoined: time)
        }
        let store = try SQLiteStore.test()
        try await store.transaction { transaction in
            for user in users.reversed() {
                try transaction.insert(user)
                try transaction.insert(user.address("b@\(user.username ?? "").org"))
                try transaction.insert(
                    user.address("a@\(user.username ?? "").org", verified: true, primary: true))
            }
        }
        (self.store, self.users) = (store, users)
    }

    private func ids(
        after id: User.ID? = nil, joinedFrom joined: Date? = nil, limit: Int = 100
    ) async throws -> [User.ID] {
        try await store.users(after: id, joinedFrom: joined, limit: limit).users.map(\.user.id)
    }

    @Test func `pages follow each other in the order in which the users were created`() async throws {
        let all = users.map(\.id)
        #expect(try await ids() == all)
        #expect(try await ids(limit: 2) == [all[0], all[1]])
        #expect(try await ids(after: all[1], limit: 2) == [all[2], all[3]])
        #expect(try await ids(after: all[3], limit: 2) == [all[4]])
        #expect(try await ids(after: all[4]).isEmpty)
        #expect(try await ids(limit: 0).isEmpty)
        #expect(try await ids(limit: -1).isEmpty)
    }

    @Test func `a deleted user does not shift the next page`() async throws {
        let second = users[1]
        try await store.transaction { transaction in try transaction.delete(second) }
        #expect(try await ids(after: second.id, limit: 1) == [users[2].id])
    }

    @Test func `selects the users who joined at or after a time`() async throws {
        #expect(try await ids(joinedFrom: Self.start + 3) == [users[3].id, users[4].id])
        #expect(try await ids(joinedFrom: .distantPast).count == 5)
        #expect(try await ids(joinedFrom: .distantFuture).isEmpty)
    }

    @Test func `a record has the user's addresses and payload form`() async throws {
        let record = try #require(try await store.users(limit: 1).users.first)
        #expect(record.emailAddresses.map(\.email) == ["a@user0.org", "b@user0.org"])
        #expect(record.snapshot.email == "a@user0.org")
        #expect(record.snapshot.id == users[0].subject)
    }

    @Test func `a page has the sequence of the last signal that was committed before it`() async throws {
        #expect(try await store.users().sequence == 0)
        try await store.emit(1)
        try await store.emit(2)
        #expect(try await store.users().sequence == 2)
    }
}
