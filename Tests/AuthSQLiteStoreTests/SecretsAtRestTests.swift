// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Testing

@Suite struct SecretsAtRestTests {
    @Test func `the store's files contain no plain-text secret`() async throws {
        let folder = try TemporaryFolder()
        let store = try await folder.store()
        let token = SessionToken.random()
        var session = Session.test(token)
        session.state.pendingLogin = PendingLogin(
            userID: nil, stage: .verifyEmail, methods: [], startedAt: session.createdAt,
            email: "PLANTED-pending@x")
        session.state.pendingCodes[.login] = PendingCode(
            id: .version7(), userID: nil, email: "PLANTED-code-address@x",
            mac: Data("PLANTED-mac-PLANTED-mac".utf8),
            startedAt: session.createdAt)
        let written = session
        try await store.transaction { transaction in
            try transaction.insert(written)
            try transaction.queue(
                MailDraft(
                    .loginCode, to: "PLANTED-recipient@x",
                    values: ["code": "PLANTED-code", "url": "https://x/PLANTED-link-key"]))
            try transaction.emit(ThingHappened(1, of: "VISIBLE-subject"))
        }
        // One mail is read and deferred, so that overwritten values are searched too.
        let mail = try #require(try await store.dueMails(limit: 1, now: .distantFuture).first)
        #expect(mail.draft.to == "PLANTED-recipient@x")
        try await store.failed(mail, reason: "451", retryAt: Date())

        let bytes = try folder.allBytes()
        for secret in [
            token.exposedText, "PLANTED", Data("PLANTED-mac-PLANTED-mac".utf8).base64EncodedString(),
        ] {
            #expect(bytes.range(of: Data(secret.utf8)) == nil, "\(secret.prefix(7))")
        }
        // Values that may be visible are found, so the search works.
        #expect(bytes.range(of: Data("VISIBLE-subject".utf8)) != nil)
        #expect(bytes.range(of: token.hash) != nil)
    }

    @Test func `a sealed state that was moved to another session is discarded`() async throws {
        let store = try SQLiteStore.test()
        let (first, second) = (SessionToken.random(), SessionToken.random())
        var (mine, theirs) = (Session.test(first), Session.test(second))
        mine.state.methods = [AuthenticationRecord(method: .password, at: mine.createdAt)]
        theirs.state.methods = [AuthenticationRecord(method: .code, at: mine.createdAt)]
        let both = [mine, theirs]
        try await store.transaction { transaction in
            for session in both { try transaction.insert(session) }
            try transaction.database.execute(
                sql: "UPDATE auth_session SET state = (SELECT state FROM auth_session WHERE id = ?)",
                arguments: [both[1].id])
        }
        let moved = try await store.read { reading in try reading.session(tokenHash: first.hash) }
        #expect(moved?.id == both[0].id)
        #expect(moved?.state == SessionState())
    }
}
