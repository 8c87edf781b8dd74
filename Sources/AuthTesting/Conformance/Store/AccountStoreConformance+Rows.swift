// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    static let rows: [Sentence] = [
        Sentence("A user is found unchanged, by id and by username in any case") { database in
            let store = try await database.store()
            var user = User.test("Ada Lovelace")
            user.passwordHash = PasswordHash(stored: "scrypt$a$b")
            user.language = .german
            let written = user
            let (byID, byName, missing) = try await store.transaction { transaction in
                try transaction.insert(written)
                return (
                    try transaction.user(id: written.id), try transaction.user(username: "aDA lovelace"),
                    try transaction.user(username: "ada")
                )
            }
            #expect(byID == user)
            #expect(byName == user)
            #expect(missing == nil)
            #expect(try await store.user(user.id) == user)
        },
        Sentence("An update replaces every column of a user") { database in
            let store = try await database.store()
            var user = User.test("ada")
            let first = user
            user.username = nil
            user.isActive = false
            user.lastLogin = FixedClock.start.addingTimeInterval(5)
            user.passwordHash = PasswordHash(stored: "scrypt$c$d")
            user.language = .german
            let second = user
            let read = try await store.transaction { transaction in
                try transaction.insert(first)
                try transaction.update(second)
                return try transaction.user(id: first.id)
            }
            #expect(read == user)
            #expect(try await store.user(user.id) == user)
            #expect(try await store.read { try $0.user(username: "ada") } == nil)
        },
        Sentence("A user's language is kept by a change of another column, and can be removed") { database in
            let store = try await database.store()
            var user = User.test("ada")
            user.language = .german
            let first = user
            try await store.transaction { try $0.insert(first) }
            user.isActive = false
            let second = user
            try await store.transaction { try $0.update(second) }
            #expect(try await store.user(user.id)?.language == .german)
            user.language = nil
            let third = user
            try await store.transaction { try $0.update(third) }
            #expect(try await store.user(user.id) == third)
        },
        Sentence("A transaction reads its own writes of every kind of row") { database in
            let store = try await database.store()
            let (user, token) = (User.test("ada"), SessionToken.random())
            let (address, session, account) = (
                user.address("a@example.org"), user.session(token), user.account("1")
            )
            try await store.transaction { transaction in
                // Each row is read before it is written, so that a kept answer would be outdated.
                #expect(try transaction.user(id: user.id) == nil)
                try transaction.insert(user)
                #expect(try transaction.user(id: user.id) == user)
                #expect(try transaction.emailAddresses(of: user.id) == [])
                try transaction.insert(address)
                #expect(try transaction.emailAddresses(of: user.id) == [address])
                #expect(try transaction.emailAddress(id: address.id) == address)
                #expect(try transaction.session(tokenHash: token.hash) == nil)
                try transaction.insert(session)
                #expect(try transaction.session(tokenHash: token.hash)?.id == session.id)
                #expect(try transaction.sessions(of: user.id, now: .distantPast).map(\.id) == [session.id])
                #expect(try transaction.socialAccounts(of: user.id) == [])
                try transaction.insert(account)
                #expect(try transaction.socialAccounts(of: user.id) == [account])
                try transaction.delete(address)
                #expect(try transaction.emailAddresses(of: user.id) == [])
                try transaction.delete(session)
                #expect(try transaction.session(tokenHash: token.hash) == nil)
                try transaction.delete(account)
                #expect(try transaction.socialAccounts(of: user.id) == [])
                try transaction.delete(user)
                #expect(try transaction.user(id: user.id) == nil)
            }
        },
        Sentence("Lists the primary address first, then in insertion order") { database in
            let store = try await database.store()
            let user = User.test()
            let added = (0..<5).map { user.address("a\($0)@example.org", primary: $0 == 3) }
            try await store.transaction { transaction in
                try transaction.insert(user)
                for address in added { try transaction.insert(address) }
            }
            let read = try await store.addresses(of: user.id)
            #expect(read == [added[3], added[0], added[1], added[2], added[4]])
        },
        Sentence("Finds all rows of an address in any case, the verified one first") { database in
            let store = try await database.store()
            let (first, second) = (User.test(), User.test())
            let (unverified, verified) = (
                first.address("a@example.org"), second.address("a@example.org", verified: true)
            )
            try await store.transaction { transaction in
                try transaction.insert(first)
                try transaction.insert(second)
                try transaction.insert(unverified)
                try transaction.insert(verified)
            }
            #expect(try await store.addresses(matching: " A@Example.org") == [verified, unverified])
            #expect(try await store.addresses(matching: "b@example.org") == [])
            let found = try await store.read { reading in
                (try reading.emailAddress(id: verified.id), try reading.emailAddress(id: first.id))
            }
            #expect(found.0 == verified)
            #expect(found.1 == nil)
        },
        Sentence("Deletes a user with all of the user's rows, and no others") { database in
            let store = try await database.store()
            let (user, other, token) = (User.test("ada"), User.test("bob"), SessionToken.random())
            let address = other.address("b@example.org")
            try await store.transaction { transaction in
                for user in [user, other] { try transaction.insert(user) }
                try transaction.insert(user.address("a@example.org"))
                try transaction.insert(address)
                try transaction.insert(user.session(token))
                try transaction.insert(user.account("1"))
            }
            try await store.transaction { transaction in try transaction.delete(user) }
            #expect(try await store.user(user.id) == nil)
            #expect(try await store.addresses(matching: "a@example.org") == [])
            #expect(try await store.session(token) == nil)
            #expect(
                try await store.read { try $0.socialAccount(provider: "example", uid: "1") } == nil)
            #expect(try await store.user(other.id) == other)
            #expect(try await store.addresses(of: other.id) == [address])
        },
        Sentence("A sign-up that has begun is completed once, and ends with its user") { database in
            let store = try await database.store()
            let (user, other, deleted) = (User.test("ada"), User.test("bob"), User.test("eve"))
            let completed = try await store.transaction { transaction in
                for user in [user, other, deleted] { try transaction.insert(user) }
                for begun in [user, user, deleted] { try transaction.beginSignup(of: begun.id) }
                try transaction.delete(deleted)
                return try [user, user, other, deleted].map { try transaction.completeSignup(of: $0.id) }
            }
            #expect(completed == [true, false, false, false])
        },
        Sentence("Deletes the mails to a deleted user, and no others") { database in
            let store = try await database.store()
            let user = User.test("ada")
            try await store.transaction { transaction in
                try transaction.insert(user)
                try transaction.insert(user.address("a@example.org"))
                for email in ["A@Example.org", "b@example.org"] {
                    try transaction.queue(MailDraft(.unknownAccount, to: email, values: [:]))
                }
                try transaction.delete(user)
            }
            let left = try await store.dueMails(limit: 10, now: .distantFuture)
            #expect(left.map(\.draft.to) == ["b@example.org"])
        },
        Sentence("Updating a missing row is an error, so that no flow reports a lost change") { database in
            let store = try await database.store()
            let user = User.test()
            let updates: [@Sendable (any AccountTransaction) throws -> Void] = [
                { try $0.update(user) }, { try $0.update(user.address("a@example.org")) },
                { try $0.update(user.session()) },
            ]
            for update in updates {
                let error = await #expect(throws: StoreError.self) { try await store.transaction(update) }
                #expect(error?.code == .missingRow)
            }
        },
        Sentence("Text is stored unchanged, whatever characters it has") { database in
            let store = try await database.store()
            // Composed and decomposed, an emoji, a quote of SQL, the longest planes; and no NUL, which flows refuse.
            let names = ["Ada'); --", "\u{e9}clair", "\u{1F469}\u{200D}\u{1F4BB}", "\u{10FFFF}", "\\x00 %_"]
            let users = names.map { User.test($0) }
            try await store.transaction { transaction in
                for user in users { try transaction.insert(user) }
            }
            for user in users {
                let read = try await store.user(user.id)
                #expect(read?.username.map { Array($0.utf8) } == user.username.map { Array($0.utf8) })
                #expect(try await store.read { try $0.user(username: user.username ?? "") }?.id == user.id)
            }
        },
    ]
}
