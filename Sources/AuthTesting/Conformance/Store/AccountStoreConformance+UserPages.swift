// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    static let pages: [Sentence] = [
        Sentence("Pages of users follow each other in the order in which the users were created") {
            database in
            let (store, users) = try await storeOfUsers(database)
            let all = users.map(\.id)
            #expect(try await ids(store) == all)
            #expect(try await ids(store, limit: 2) == [all[0], all[1]])
            #expect(try await ids(store, after: all[1], limit: 2) == [all[2], all[3]])
            #expect(try await ids(store, after: all[3], limit: 2) == [all[4]])
            #expect(try await ids(store, after: all[4]).isEmpty)
            #expect(try await ids(store, limit: 0).isEmpty)
            #expect(try await ids(store, limit: -1).isEmpty)
        },
        Sentence("A deleted user does not shift the next page of users") { database in
            let (store, users) = try await storeOfUsers(database)
            let second = users[1]
            try await store.transaction { transaction in try transaction.delete(second) }
            #expect(try await ids(store, after: second.id, limit: 1) == [users[2].id])
        },
        Sentence("A page of users can be limited to those who joined at or after a time") { database in
            let (store, users) = try await storeOfUsers(database)
            let start = FixedClock.start
            #expect(
                try await ids(store, joinedFrom: start.addingTimeInterval(3)) == [users[3].id, users[4].id])
            #expect(try await ids(store, joinedFrom: .distantPast).count == 5)
            #expect(try await ids(store, joinedFrom: .distantFuture).isEmpty)
        },
        Sentence("A user's record has the addresses and the form that payloads contain") { database in
            let (store, users) = try await storeOfUsers(database)
            let page = try await store.users(after: nil, joinedFrom: nil, limit: 1)
            let record = try #require(page.users.first)
            #expect(record.user == users[0])
            #expect(record.emailAddresses.map(\.email) == ["a@user0.org", "b@user0.org"])
            #expect(record.snapshot.email == "a@user0.org")
            #expect(record.snapshot.id == users[0].subject)
        },
        Sentence("A page of users has the sequence of the last signal that was committed before it") {
            database in
            let (store, _) = try await storeOfUsers(database)
            #expect(try await store.users(after: nil, joinedFrom: nil, limit: 1).sequence == 0)
            try await store.emit(1)
            try await store.emit(2)
            #expect(try await store.users(after: nil, joinedFrom: nil, limit: 1).sequence == 2)
        },
    ]

    /// A store with five users who joined a second apart, inserted in reverse.
    private static func storeOfUsers(_ database: TestDatabase) async throws -> (any OperatedStore, [User]) {
        let store = try await database.store()
        let users = (0..<5).map { number in
            User.test("user\(number)", joined: FixedClock.start.addingTimeInterval(Double(number)))
        }
        try await store.transaction { transaction in
            for user in users.reversed() {
                try transaction.insert(user)
                try transaction.insert(user.address("b@\(user.username ?? "").org"))
                try transaction.insert(
                    user.address("a@\(user.username ?? "").org", verified: true, primary: true))
            }
        }
        return (store, users)
    }

    private static func ids(
        _ store: any OperatedStore, after id: User.ID? = nil, joinedFrom joined: Date? = nil,
        limit: Int = 100
    ) async throws -> [User.ID] {
        try await store.users(after: id, joinedFrom: joined, limit: limit).users.map(\.user.id)
    }
}
