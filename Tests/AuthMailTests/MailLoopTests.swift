// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// How the loop sends, defers and fails mails.
@Suite struct MailLoopTests {
    @Test func `pending mails are sent in order and leave the queue`() async throws {
        let world = MailLoopWorld()
        let mails = Samples.mails(40)
        for mail in mails { world.queue.put(mail) }
        try await world.run { _ in
            try await eventually("all mails are accepted") { world.queue.accepted.count == 40 }
        }
        #expect(world.transport.sent == mails.map(\.id))
        #expect(world.queue.accepted == mails.map(\.id))
        #expect(world.transport.mostInHand == 1)
        #expect(world.queue.entries.isEmpty)
    }

    @Test func `a new mail wakes the loop`() async throws {
        var world = MailLoopWorld()
        world.settings.sweep = .seconds(3600)
        let mail = Samples.mails(1)[0]
        try await world.run { loop in
            try await eventually("the loop has seen an empty queue") { loop.status.queue?.pending == 0 }
            world.queue.put(mail)
            try await eventually("the mail is sent") { world.queue.accepted == [mail.id] }
        }
    }

    @Test func `the sweep finds a deferred mail without a wake-up`() async throws {
        let world = MailLoopWorld()
        let mail = Samples.mails(1)[0]
        world.transport.fail(MailError(.postponed, "greylisted", replyCode: 450))
        world.queue.put(mail)
        try await world.run { loop in
            try await eventually("the mail is deferred") {
                world.queue.entries.first?.mail.attempts == 1 && loop.status.queue?.pending == 1
            }
            #expect(world.transport.attempts == [mail.id])
            world.queue.advance(by: 6)
            try await eventually("the mail is sent") { world.queue.accepted == [mail.id] }
        }
    }

    @Test func `a deferred mail is retried when it is due and does not block the next one`() async throws {
        let world = MailLoopWorld()
        let mails = Samples.mails(2)
        world.transport.fail(MailError(.postponed, "greylisted", replyCode: 450))
        world.queue.put(mails[0], mails[1])
        try await world.run { _ in
            try await eventually("the second mail is sent") { world.queue.accepted == [mails[1].id] }
            let entry = try #require(world.queue.entries.first)
            #expect(entry.mail.attempts == 1)
            #expect(entry.dueAt == Samples.date.addingTimeInterval(5))
            #expect(entry.reason == "postponed: greylisted (reply 450)")
            world.queue.advance(by: 5)
            try await eventually("the first mail is sent") { world.queue.accepted.count == 2 }
        }
        #expect(world.transport.attempts == [mails[0].id, mails[1].id, mails[0].id])
    }

    @Test func `a permanent refusal moves the mail to the failed queue at once`() async throws {
        let world = MailLoopWorld()
        let mails = Samples.mails(2)
        world.transport.fail(MailError(.refused, "no such mailbox", replyCode: 550))
        world.queue.put(mails[0], mails[1])
        try await world.run { _ in
            try await eventually("the second mail is sent") { world.queue.accepted == [mails[1].id] }
        }
        #expect(world.queue.entries.count == 1)
        #expect(world.queue.entries[0].dueAt == nil)
        #expect(world.transport.attempts.count == 2)
    }

    @Test func `a policy refusal fails no mail, and all are sent when it ends`() async throws {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.policyRefused, "5.7.1 relay access denied", replyCode: 554))
        let mails = Samples.mails(20)
        for mail in mails { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("several attempts fail") { loop.status.transportFailures >= 3 }
            #expect(world.queue.entries.count == 20)
            #expect(world.queue.entries.allSatisfy { $0.dueAt != nil })
            world.transport.failAlways(nil)
            world.queue.advance(by: 3600)
            try await eventually("all mails are accepted") { world.queue.accepted.count == 20 }
        }
    }

    @Test func `consecutive refusals with the same text count against the server, not the mails`()
        async throws
    {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.refused, "550 5.1.1 user unknown", replyCode: 550))
        for number in 0..<20 {
            world.queue.put(Samples.queued(id: UUID.version7(), to: "ann\(number)@example.org"))
        }
        try await world.run { loop in
            try await eventually("a transport failure is counted") { loop.status.transportFailures >= 1 }
            try await eventually("no mail has failed") {
                world.queue.entries.count == 20 && world.queue.entries.allSatisfy { $0.dueAt != nil }
            }
            world.transport.failAlways(nil)
            world.queue.advance(by: 3600)
            try await eventually("all mails are accepted") { world.queue.accepted.count == 20 }
        }
    }

    @Test func `refusals with different texts, or with an accepted mail in between, are permanent`()
        async throws
    {
        let world = MailLoopWorld()
        let accepted = Samples.mails(1)[0]
        for number in 0..<4 {
            world.transport.fail(MailError(.refused, "550 5.1.1 user unknown", replyCode: 550))
            world.queue.put(Samples.queued(id: UUID.version7(), to: "ann\(number)@example.org"))
        }
        try await world.run { _ in
            try await eventually("four mails have failed") {
                world.queue.entries.count == 4 && world.queue.entries.allSatisfy { $0.dueAt == nil }
            }
            world.queue.put(accepted)
            try await eventually("one mail is accepted") { world.queue.accepted == [accepted.id] }
            for number in 4..<7 {
                world.transport.fail(MailError(.refused, "550 5.1.1 user unknown", replyCode: 550))
                world.queue.put(Samples.queued(id: UUID.version7(), to: "ann\(number)@example.org"))
            }
            world.transport.fail(MailError(.refused, "552 mailbox full", replyCode: 552))
            world.queue.put(Samples.queued(id: UUID.version7(), to: "ann7@example.org"))
            try await eventually("all refused mails have failed") {
                world.queue.entries.count == 8 && world.queue.entries.allSatisfy { $0.dueAt == nil }
            }
        }
    }

    @Test func `a mail that cannot be rendered fails, and the others are sent`() async throws {
        let world = MailLoopWorld()
        let hostile = Samples.queued(id: UUID.version7(), to: "ann@example.org\r\nBcc: eve@example.org")
        let unknown = Samples.queued(MailDraft.Template(rawValue: "nothing"), id: UUID.version7())
        let good = Samples.mails(1)[0]
        world.queue.put(hostile, unknown, good)
        try await world.run { _ in
            try await eventually("the valid mail is sent") { world.queue.accepted == [good.id] }
        }
        #expect(world.queue.entries.map(\.dueAt) == [nil, nil])
        #expect(world.transport.attempts == [good.id])
    }

    @Test func `a mail that cannot be sent for three days fails permanently`() async throws {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.unavailable, "connection refused"))
        let mail = Samples.mails(1)[0]
        world.queue.put(mail)
        try await world.run { _ in
            for attempt in 1...100 {
                try await eventually("attempt \(attempt)") {
                    world.queue.entries.first.map { $0.mail.attempts == attempt } ?? false
                }
                guard let due = world.queue.entries.first?.dueAt else { break }
                world.queue.advance(by: due.timeIntervalSince(world.queue.now()))
            }
        }
        let entry = try #require(world.queue.entries.first)
        #expect(entry.dueAt == nil)
        #expect(entry.mail.attempts == 77)
        #expect(world.queue.accepted.isEmpty)
    }

    @Test func `an unavailable transport is not tried again for every pending mail`() async throws {
        var world = MailLoopWorld()
        world.settings.rests = [.seconds(3600)]
        world.transport.failAlways(MailError(.unavailable, "connection refused"))
        for mail in Samples.mails(10) { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("the first attempt fails") { loop.status.transportFailures == 1 }
            world.queue.put(Samples.mails(1)[0])
            // The loop counts them once more after the attempt, before or after the new one was queued.
            try await eventually("the status counts the pending mails") {
                [10, 11].contains(loop.status.queue?.pending)
            }
            #expect(loop.status.fault == "unavailable: connection refused")
        }
        #expect(world.transport.attempts.count == 1)
        #expect(world.queue.entries.map(\.mail.attempts).reduce(0, +) == 1)
    }

    @Test func `all mails are sent when the transport recovers`() async throws {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.unavailable, "connection refused"))
        for mail in Samples.mails(10) { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("several attempts fail") { loop.status.transportFailures >= 3 }
            world.transport.failAlways(nil)
            world.queue.advance(by: 3600)
            try await eventually("all mails are accepted") { world.queue.accepted.count == 10 }
            #expect(loop.status.transportFailures == 0)
            #expect(loop.status.fault == nil)
        }
    }

    @Test func `a failing queue is retried, and an accepted mail is not sent twice`() async throws {
        let world = MailLoopWorld()
        world.queue.fail(calls: 3)
        let mail = Samples.mails(1)[0]
        try await world.run { _ in
            world.queue.put(mail)
            try await eventually("the mail is in flight") {
                world.transport.hang(true)
                return world.transport.inHand == 1 || world.queue.accepted.count == 1
            }
            world.queue.fail(calls: 2)
            world.transport.hang(false)
            try await eventually("the mail is accepted") { world.queue.accepted == [mail.id] }
        }
        #expect(world.transport.sent == [mail.id])
    }

    @Test func `the concurrency setting limits the mails in flight`() async throws {
        var world = MailLoopWorld()
        world.settings.concurrency = 4
        world.transport.hang(true)
        for mail in Samples.mails(20) { world.queue.put(mail) }
        try await world.run { _ in
            try await eventually("four mails are in flight") { world.transport.inHand == 4 }
            world.transport.hang(false)
            try await eventually("all mails are accepted") { world.queue.accepted.count == 20 }
        }
        #expect(world.transport.mostInHand == 4)
    }
}
