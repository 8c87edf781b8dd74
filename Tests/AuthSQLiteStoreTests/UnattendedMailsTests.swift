// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import InMemoryLogging
import Logging
import Testing

@Suite struct UnattendedMailsTests {
    private let log = InMemoryLogHandler()
    private let folder: TemporaryFolder
    private let store: SQLiteStore

    init() throws {
        folder = try TemporaryFolder()
        let pool = try DatabasePool(path: folder.file("application.sqlite"))
        try SQLiteStore.migrator.migrate(pool)
        store = try SQLiteStore(
            pool: pool, keys: .test, codec: .test, mailWarningDelay: .milliseconds(20),
            logger: Logger(label: "test", factory: { [log] _ in log }))
    }

    private func queueMail() async throws {
        try await store.transaction { transaction in
            try transaction.queue(MailDraft(.emailConfirmation, to: "a@example.org", values: [:]))
        }
    }

    private var warnings: Int {
        log.entries.count { $0.level == .warning && $0.message.description.contains("no process delivers") }
    }

    @Test func `logs pending mails while no mail loop runs`() async throws {
        try await queueMail()
        try await eventually("a warning is logged") { warnings > 0 }
        #expect(log.entries.first { $0.level == .warning }?.metadata["mails"] == "1")
        let lease = try await store.acquireMailLease()
        let mail = try #require(try await store.dueMails(limit: 1, now: Date()).first)
        try await store.accepted(mail)
        lease.release()
        // A mail loop that holds the lease, as in another process.
        let other = try await folder.store("application.sqlite")
        let held = try await other.acquireMailLease()
        let before = warnings
        try await queueMail()
        let isLogged = await becomes(within: .milliseconds(300)) { warnings > before }
        #expect(!isLogged)
        held.release()
        try await eventually("another warning is logged") { warnings > before }
    }
}
