// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import Testing

@Suite struct PendingTokenTests {
    @Test func `a log-in resumed after a restart has the provider token, sealed for its own event`()
        async throws
    {
        let folder = try TemporaryFolder()
        let marker = "planted-provider-token"
        let keys = try TokenKeys(parsing: "k1:\(Data(count: 32).base64EncodedString())")
        let codec = SignalCodec(source: "https://accounts.example.org", tokenSealer: JWETokenSealer(keys))
        func open() async throws -> SQLiteStore {
            let store = try SQLiteStore(path: folder.file("auth.sqlite"), keys: .test, codec: codec)
            try await store.migrate()
            return store
        }
        let token = SessionToken.random()
        var session = Session.test(token)
        let sociallogin = SocialLogin(
            identity: SocialIdentity(
                provider: "example", uid: "1",
                token: ProviderToken(
                    accessToken: TokenText(marker), scope: "openid", refreshToken: TokenText(marker + "-r"),
                    expiresAt: session.createdAt)),
            process: .login)
        session.state.pendingLogin = PendingLogin(
            userID: nil, stage: .loginByCode, methods: [], startedAt: session.createdAt,
            sociallogin: sociallogin.snapshot())
        let written = session
        try await open().transaction { transaction in
            try transaction.emit(
                PreSocialLogin(
                    request: SignalRequest(), user: nil, sociallogin: sociallogin.snapshot(),
                    outcome: .proceeded))
            try transaction.insert(written)
        }

        let store = try await open()
        try await store.transaction { transaction in
            let read = try #require(try transaction.session(tokenHash: token.hash)?.state.pendingLogin)
            #expect(read.sociallogin == written.state.pendingLogin?.sociallogin)
            try transaction.emit(
                UserLoggedIn(
                    request: SignalRequest(),
                    user: UserSnapshot(
                        id: "1", email: nil, username: nil, isActive: true, dateJoined: transaction.now,
                        lastLogin: nil),
                    session: written.snapshot, methods: [.socialAccount], sociallogin: read.sociallogin))
        }
        let rows = try await store.pending()
        #expect(rows.map(\.draft.name) == ["socialaccount.pre_social_login", "account.user_logged_in"])
        for row in rows {
            let data = try SignalCodec.decoder().decode(JSONValue.self, from: row.draft.data)
            let sealed = try #require(data["sociallogin"]?["token"]?.string)
            let header = Data(base64URL: String(sealed.prefix { $0 != "." }))
            #expect(
                header.map { String(decoding: $0, as: UTF8.self) }
                    == #"{"alg":"dir","enc":"A256GCM","evt":"\#(row.draft.id.wireText)","kid":"k1"}"#)
        }
        #expect(try folder.allBytes().range(of: Data(marker.utf8)) == nil)
        #expect(try folder.allBytes().range(of: Data(Data(marker.utf8).base64EncodedString().utf8)) == nil)
    }
}
