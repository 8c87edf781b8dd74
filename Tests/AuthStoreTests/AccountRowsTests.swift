// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

@Suite struct AccountRowsTests {
    let store: SQLiteStore

    init() throws { store = try .test() }

    @Test func `a user is found unchanged, by id and by username in any case`() async throws {
        var user = User.test("Ada Lovelace")
        user.passwordHash = PasswordHash(stored: "scrypt$a$b")
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
    }

    @Test func `an update replaces every column of a user`() async throws {
        var user = User.test("ada")
        let first = user
        user.username = nil
        user.isActive = false
        user.lastLogin = Date().wholeMilliseconds
        user.passwordHash = PasswordHash(stored: "scrypt$c$d")
        let second = user
        let read = try await store.transaction { transaction in
            try transaction.insert(first)
            try transaction.update(second)
            return try transaction.user(id: first.id)
        }
        #expect(read == user)
    }

    @Test func `lists the primary address first, then in insertion order`() async throws {
        let user = User.test()
        let added = (0..<5).map { user.address("a\($0)@example.org", primary: $0 == 3) }
        let read = try await store.transaction { transaction in
            try transaction.insert(user)
            for address in added { try transaction.insert(address) }
            return try transaction.emailAddresses(of: user.id)
        }
        #expect(read == [added[3], added[0], added[1], added[2], added[4]])
    }

    @Test func `finds all rows of an address in any case, the verified one first`() async throws {
        let (first, second) = (User.test(), User.test())
        let (unverified, verified) = (
            first.address("a@example.org"), second.address("a@example.org", verified: true)
        )
        let read = try await store.transaction { transaction in
            try transaction.insert(first)
            try transaction.insert(second)
            try transaction.insert(unverified)
            try transaction.insert(verified)
            return try transaction.emailAddresses(matching: " A@Example.org")
        }
        #expect(read == [verified, unverified])
    }

    @Test func `a session is found by its token, with its pending state`() async throws {
        let token = SessionToken.random()
        var session = Session.test(token)
        session.state.pendingLogin = PendingLogin(
            userID: nil, stage: .verifyEmail, methods: [], startedAt: session.createdAt, signup: true)
        session.state.pendingCodes[.login] = PendingCode(
            id: .version7(), userID: nil, email: "a@example.org", mac: Data([1, 2]),
            startedAt: session.createdAt)
        let written = session
        let read = try await store.transaction { transaction in
            try transaction.insert(written)
            return try transaction.session(tokenHash: token.hash)
        }
        #expect(read?.id == session.id)
        #expect(read?.state == session.state)
        #expect(read?.expiresAt == session.expiresAt)
        #expect(read?.client == .app)
        #expect(read?.userAgent == "test/1")
    }

    @Test func `lists live sessions newest first, and deletes all but one`() async throws {
        let user = User.test()
        let sessions = (0..<3).map { user.session(created: Date().addingTimeInterval(Double($0))) }
        let expired = user.session(expires: Date().addingTimeInterval(-1))
        let (listed, ended, rest) = try await store.transaction { transaction in
            try transaction.insert(user)
            for session in sessions + [expired] { try transaction.insert(session) }
            return (
                try transaction.sessions(of: user.id, now: transaction.now).map(\.id),
                try transaction.deleteSessions(of: user.id, except: sessions[1].id),
                try transaction.sessions(of: user.id, now: .distantPast).map(\.id)
            )
        }
        #expect(listed == sessions.reversed().map(\.id))
        #expect(ended == 2)
        #expect(rest == [sessions[1].id])
    }

    @Test func `deletes a user with all of the user's rows`() async throws {
        let user = User.test("ada")
        try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.insert(user.address("a@example.org"))
            try transaction.insert(user.session())
        }
        try await store.transaction { transaction in try transaction.delete(user) }
        for table in ["auth_user", "auth_email_address", "auth_session"] {
            #expect(try await store.count(table) == 0, "\(table)")
        }
    }

    @Test func `a sign-up that has begun is completed once, and ends with its user`() async throws {
        let (user, other, deleted) = (User.test("ada"), User.test("bob"), User.test("eve"))
        let completed = try await store.transaction { transaction in
            for user in [user, other, deleted] { try transaction.insert(user) }
            for begun in [user, user, deleted] { try transaction.beginSignup(of: begun.id) }
            try transaction.delete(deleted)
            return try [user, user, other, deleted].map { try transaction.completeSignup(of: $0.id) }
        }
        #expect(completed == [true, false, false, false])
        #expect(try await store.count("auth_pending_signup") == 0)
    }

    @Test func `deletes the mails to a deleted user, and no others`() async throws {
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
    }

    @Test func `updating a missing row is an error, so that no flow reports a lost change`()
        async throws
    {
        let user = User.test()
        for update: @Sendable (SQLiteTransaction) throws -> Void in [
            { try $0.update(user) }, { try $0.update(user.address("a@example.org")) },
            { try $0.update(user.session()) },
        ] {
            let error = await #expect(throws: StoreError.self) { try await store.transaction(update) }
            #expect(error?.code == .missingRow)
        }
    }

    @Test func `a session sealed with a dropped secret remains, without its pending state`() async throws {
        let folder = try TemporaryFolder()
        let token = SessionToken.random()
        var session = Session.test(token)
        session.state.methods = [AuthenticationRecord(method: .password, at: session.createdAt)]
        let written = session
        try await folder.store().transaction { transaction in try transaction.insert(written) }

        let rotated = KeyRing(secret: "another", fallbacks: ["a secret of this test, thirty-two bytes long"])
        let kept = try await folder.store(keys: rotated).read { try $0.session(tokenHash: token.hash) }
        #expect(kept?.state.methods == session.state.methods)
        let dropped = try await folder.store(keys: KeyRing(secret: "another")).read {
            try $0.session(tokenHash: token.hash)
        }
        #expect(dropped?.id == session.id)
        #expect(dropped?.state == SessionState())
    }
}
