// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    static let sessions: [Sentence] = [
        Sentence("A session is found by its token, with its pending state") { database in
            let store = try await database.store()
            let token = SessionToken.random()
            var session = Session.test(token)
            session.state.pendingLogin = PendingLogin(
                userID: nil, stage: .verifyEmail, methods: [], startedAt: session.createdAt, signup: true)
            session.state.pendingCodes[.login] = PendingCode(
                id: .version7(), userID: nil, email: "a@example.org", mac: Data([1, 2]),
                startedAt: session.createdAt)
            let written = session
            try await store.transaction { transaction in try transaction.insert(written) }
            let read = try #require(try await store.session(token))
            #expect(read.id == session.id)
            #expect(read.state == session.state)
            #expect(read.userID == nil)
            #expect(read.createdAt == session.createdAt)
            #expect(read.expiresAt == session.expiresAt)
            #expect(read.lastSeenAt == session.lastSeenAt)
            #expect(read.client == .app)
            #expect(read.ip == "192.0.2.1")
            #expect(read.userAgent == "test/1")
        },
        Sentence("The holder of a token is its session with the user and the addresses") { database in
            let store = try await database.store()
            let user = User.test("ada")
            let addresses = [user.address("b@example.org"), user.address("a@example.org", primary: true)]
            let (token, anonymous) = (SessionToken.random(), SessionToken.random())
            let (expired, open) = (
                user.session(expires: FixedClock.start.addingTimeInterval(-1), token), Session.test(anonymous)
            )
            try await store.transaction { transaction in
                try transaction.insert(user)
                for address in addresses { try transaction.insert(address) }
                for session in [expired, open] { try transaction.insert(session) }
            }
            let (holder, visitor, unknown) = try await store.read { reading in
                (
                    try reading.holder(tokenHash: token.hash), try reading.holder(tokenHash: anonymous.hash),
                    try reading.holder(tokenHash: SessionToken.random().hash)
                )
            }
            #expect(holder?.session.id == expired.id)
            #expect(holder?.user == user)
            #expect(holder?.emailAddresses == [addresses[1], addresses[0]])
            #expect(visitor?.session.id == open.id)
            #expect(visitor?.user == nil)
            #expect(visitor?.emailAddresses == [])
            #expect(unknown == nil)
            #expect(try await store.holder(tokenHash: token.hash)?.user == user)
            #expect(try await store.holder(tokenHash: anonymous.hash)?.session.id == open.id)
            #expect(try await store.holder(tokenHash: SessionToken.random().hash) == nil)
        },
        Sentence("An update replaces every column of a session, its token too") { database in
            let store = try await database.store()
            let (user, first, second) = (User.test(), SessionToken.random(), SessionToken.random())
            let session = Session.test(first)
            var changed = session
            changed.tokenHash = second.hash
            changed.userID = user.id
            changed.expiresAt = session.expiresAt.addingTimeInterval(60)
            changed.ip = nil
            changed.userAgent = nil
            changed.state.methods = [AuthenticationRecord(method: .password, at: session.createdAt)]
            let update = changed
            try await store.transaction { transaction in
                try transaction.insert(user)
                try transaction.insert(session)
            }
            try await store.transaction { transaction in
                #expect(try transaction.session(tokenHash: first.hash)?.id == session.id)
                try transaction.update(update)
                #expect(try transaction.session(tokenHash: first.hash) == nil)
                #expect(try transaction.session(tokenHash: second.hash)?.id == session.id)
            }
            #expect(try await store.session(first) == nil)
            let read = try #require(try await store.session(second))
            #expect(read.userID == user.id)
            #expect(read.expiresAt == update.expiresAt)
            #expect(read.ip == nil)
            #expect(read.userAgent == nil)
            #expect(read.state == update.state)
        },
        Sentence("Lists live sessions newest first, and deletes all but one") { database in
            let store = try await database.store()
            let user = User.test()
            let start = FixedClock.start
            let sessions = (0..<3).map { user.session(created: start.addingTimeInterval(Double($0))) }
            let expired = user.session(expires: start.addingTimeInterval(-1))
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
        },
        Sentence("The last use of a session only moves forward") { database in
            let store = try await database.store()
            let (user, token, start) = (User.test(), SessionToken.random(), FixedClock.start)
            let session = user.session(token)
            try await store.transaction { transaction in
                try transaction.insert(user)
                try transaction.insert(session)
            }
            for seconds in [60.0, 30, -60] {
                try await store.transaction { transaction in
                    try transaction.markSeen(session.id, at: start.addingTimeInterval(seconds))
                    try transaction.markSeen(.version7(), at: start)
                }
            }
            #expect(try await store.session(token)?.lastSeenAt == start.addingTimeInterval(60))
        },
        Sentence(
            "Two processes that record the last use of the same sessions do not wait for each other forever"
        ) { database in
            let stores = [try await database.store(), try await database.store()]
            let user = User.test()
            let sessions = (0..<200).map { _ in user.session() }
            try await stores[0].transaction { transaction in
                try transaction.insert(user)
                for session in sessions { try transaction.insert(session) }
            }
            let later = FixedClock.start.addingTimeInterval(60)
            // In opposite orders, as two hosts do whose users come in different orders.
            let orders = [sessions.map(\.id), sessions.reversed().map(\.id)]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<8 {
                    group.addTask {
                        try await stores[index % 2].transaction { transaction in
                            for id in orders[index % 2] { try transaction.markSeen(id, at: later) }
                        }
                    }
                }
                try await group.waitForAll()
            }
            let seen = try await stores[0].sessions(of: user.id).map(\.lastSeenAt)
            #expect(seen.count == 200)
            #expect(seen.allSatisfy { $0 == later })
        },
        Sentence("A session sealed with a dropped secret remains, without its pending state") { database in
            let token = SessionToken.random()
            var session = Session.test(token)
            session.state.methods = [AuthenticationRecord(method: .password, at: session.createdAt)]
            let written = session
            try await database.store { $0.keys = KeyRing(secret: "the first secret of this test") }
                .transaction { transaction in try transaction.insert(written) }

            let rotated = try await database.store {
                $0.keys = KeyRing(secret: "another", fallbacks: ["the first secret of this test"])
            }
            #expect(try await rotated.session(token)?.state.methods == session.state.methods)
            let dropped = try await database.store { $0.keys = KeyRing(secret: "another") }
            let read = try await dropped.session(token)
            #expect(read?.id == session.id)
            #expect(read?.state == SessionState())
        },
        Sentence("A log-in that goes on after a restart has the provider's token, sealed for its own signal")
        {
            database in
            let keys = try TokenKeys(parsing: "k1:\(Data(count: 32).base64EncodedString())")
            let open: @Sendable () async throws -> any OperatedStore = {
                try await database.store {
                    $0.codec = SignalCodec(
                        source: "https://accounts.example.org", tokenSealer: JWETokenSealer(keys))
                }
            }
            let token = SessionToken.random()
            var session = Session.test(token)
            let sociallogin = SocialLogin(
                identity: SocialIdentity(
                    provider: "example", uid: "1",
                    token: ProviderToken(accessToken: TokenText("planted"), expiresAt: session.createdAt)),
                process: .login
            ).snapshot()
            session.state.pendingLogin = PendingLogin(
                userID: nil, stage: .loginByCode, methods: [], startedAt: session.createdAt,
                sociallogin: sociallogin)
            let written = session
            try await open().transaction { transaction in try transaction.insert(written) }

            let store = try await open()
            let read = try await store.transaction { transaction in
                let login = try transaction.session(tokenHash: token.hash)?.state.pendingLogin?.sociallogin
                try transaction.emit(
                    UserLoggedIn(
                        request: SignalRequest(),
                        user: UserSnapshot(
                            id: "1", email: nil, username: nil, isActive: true, dateJoined: transaction.now,
                            lastLogin: nil),
                        session: written.snapshot, methods: [.socialAccount], sociallogin: login))
                return login
            }
            #expect(read == sociallogin)
            let row = try #require(try await store.pending().first)
            let data = try SignalCodec.decoder().decode(JSONValue.self, from: row.draft.data)
            let sealed = try #require(data["sociallogin"]?["token"]?.string)
            let header = Data(base64URL: String(sealed.prefix { $0 != "." }))
            #expect(
                header.map { String(decoding: $0, as: UTF8.self) }
                    == #"{"alg":"dir","enc":"A256GCM","evt":"\#(row.draft.id.wireText)","kid":"k1"}"#)
        },
    ]
}
