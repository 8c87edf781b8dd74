// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthTesting
import Foundation
import InMemoryLogging
import MetricsTestKit
import Testing

/// Metrics and log messages of the mail loop.
@Suite struct MailLoopLogTests {
    @Test func `metrics count sent, failed and pending mails`() async throws {
        let world = MailLoopWorld()
        let mails = Samples.mails(3)
        world.transport.fail(MailError(.postponed, "later"), MailError(.refused, "never"))
        for mail in mails { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("the third mail is sent") { world.queue.accepted == [mails[2].id] }
            try await eventually("the counts are updated") {
                loop.status.queue?.pending == 1 && loop.status.queue?.failed == 1
            }
            world.queue.advance(by: 4)
            try await eventually("the age of the oldest mail is updated") {
                try world.metrics.expectGauge("auth_signals_mail_oldest").lastValue == 4
            }
        }
        let sent = try world.metrics.expectCounter(
            "auth_signals_mail_sent", [("template", "email_confirmation")])
        #expect(sent.totalValue == 1)
        let retried = try world.metrics.expectCounter(
            "auth_signals_mail_failed", [("code", "postponed"), ("outcome", "retry")])
        #expect(retried.totalValue == 1)
        let failed = try world.metrics.expectCounter(
            "auth_signals_mail_failed", [("code", "refused"), ("outcome", "failed")])
        #expect(failed.totalValue == 1)
        #expect(try world.metrics.expectGauge("auth_signals_mail_pending").lastValue == 1)
    }

    @Test func `logs no address, link or code`() async throws {
        let world = MailLoopWorld()
        world.transport.fail(MailError(.postponed, "later"), MailError(.refused, "never"))
        for mail in Samples.mails(3) { world.queue.put(mail) }
        try await world.run { _ in
            try await eventually("the third mail is sent") { world.queue.accepted.count == 1 }
        }
        let lines = world.log.entries.map { "\($0.message) \($0.metadata)" }
        #expect(lines.count >= 3)
        for line in lines {
            #expect(!line.contains("ann") && !line.contains("KEY") && !line.contains("BCDF"))
        }
    }
}
