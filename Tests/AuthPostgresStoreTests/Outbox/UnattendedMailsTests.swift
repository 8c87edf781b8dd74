// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import Testing

@Suite("Unattended mails", .needsPostgres) struct UnattendedMailsTests {
    @Test func `logs pending mails while no mail loop runs on any host`() async throws {
        try await OutboxWorld.run { world in
            let log = InMemoryLogHandler()
            let store = try PostgresStore(
                pool: try world.pool(), keys: .test, codec: .test, mailWarningDelay: .milliseconds(20),
                logger: Logger(label: "test", factory: { _ in log }))
            let queueMail: @Sendable () async throws -> Void = {
                try await store.transaction { (transaction: PostgresTransaction) in
                    try transaction.queue(MailDraft(.emailConfirmation, to: "a@example.org", values: [:]))
                }
            }
            func warnings() -> Int {
                log.entries.count {
                    $0.level == .warning && $0.message.description.contains("no process delivers")
                }
            }
            try await queueMail()
            try await eventually("a warning is logged") { warnings() > 0 }
            #expect(log.entries.first { $0.level == .warning }?.metadata["mails"] == "1")
            let lease = try await store.acquireMailLease()
            let mail = try #require(try await store.dueMails(limit: 1, now: Date()).first)
            try await store.accepted(mail)
            lease.release()
            // A mail loop that holds the lease, as on another host.
            let held = try await world.another().acquireMailLease()
            let before = warnings()
            try await queueMail()
            let isLogged = await becomes(within: .milliseconds(300)) { warnings() > before }
            #expect(!isLogged)
            held.release()
            try await eventually("another warning is logged") { warnings() > before }
        }
    }
}
