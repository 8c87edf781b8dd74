// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthSignals
import AuthTesting
import Foundation
import Testing

/// What becomes of mails.
@Suite struct MailLoopTests {
    @Test func `mails that wait go out in order and leave the queue`() async throws {
        let world = MailLoopWorld()
        let mails = Samples.mails(40)
        for mail in mails { world.queue.put(mail) }
        try await world.run { _ in
            try await eventually("all are accepted") { world.queue.accepted.count == 40 }
        }
        #expect(world.transport.sent == mails.map(\.id))
        #expect(world.queue.accepted == mails.map(\.id))
        #expect(world.transport.mostInHand == 1)
        #expect(world.queue.entries.isEmpty)
    }

    @Test func `a new mail wakes the loop`() async throws {
        var world = MailLoopWorld()
        world.configuration.sweep = .seconds(3600)
        let mail = Samples.mails(1)[0]
        try await world.run { loop in
            try await eventually("the loop has found nothing") { loop.status.queue?.pending == 0 }
            world.queue.put(mail)
            try await eventually("it is sent") { world.queue.accepted == [mail.id] }
        }
    }

    @Test func `a postponed mail that no call tells of is found by the sweep`() async throws {
        let world = MailLoopWorld()
        let mail = Samples.mails(1)[0]
        world.transport.fail(MailError(.postponed, "greylisted", replyCode: 450))
        world.queue.put(mail)
        try await world.run { loop in
            try await eventually("it waits") {
                world.queue.entries.first?.mail.attempts == 1 && loop.status.queue?.pending == 1
            }
            #expect(world.transport.attempts == [mail.id])
            world.queue.advance(by: 6)
            try await eventually("it is sent") { world.queue.accepted == [mail.id] }
        }
    }

    @Test
    func
        `a mail that is not taken now is tried again when its time has come, and the next one does not wait`()
        async throws
    {
        let world = MailLoopWorld()
        let mails = Samples.mails(2)
        world.transport.fail(MailError(.postponed, "greylisted", replyCode: 450))
        world.queue.put(mails[0], mails[1])
        try await world.run { _ in
            try await eventually("the second is sent") { world.queue.accepted == [mails[1].id] }
            let entry = try #require(world.queue.entries.first)
            #expect(entry.mail.attempts == 1)
            #expect(entry.dueAt == Samples.date.addingTimeInterval(5))
            #expect(entry.reason == "postponed: greylisted (reply 450)")
            world.queue.advance(by: 5)
            try await eventually("the first is sent") { world.queue.accepted.count == 2 }
        }
        #expect(world.transport.attempts == [mails[0].id, mails[1].id, mails[0].id])
    }

    @Test func `a mail that is refused for good is kept aside at once`() async throws {
        let world = MailLoopWorld()
        let mails = Samples.mails(2)
        world.transport.fail(MailError(.refused, "no such mailbox", replyCode: 550))
        world.queue.put(mails[0], mails[1])
        try await world.run { _ in
            try await eventually("the second is sent") { world.queue.accepted == [mails[1].id] }
        }
        #expect(world.queue.entries.count == 1)
        #expect(world.queue.entries[0].dueAt == nil)
        #expect(world.transport.attempts.count == 2)
    }

    @Test func `a refusal for policy keeps every mail, and all are sent when it is gone`() async throws {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.policyRefused, "5.7.1 relay access denied", replyCode: 554))
        let mails = Samples.mails(20)
        for mail in mails { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("it failed a few times") { loop.status.transportFailures >= 3 }
            #expect(world.queue.entries.count == 20)
            #expect(world.queue.entries.allSatisfy { $0.dueAt != nil })
            world.transport.failAlways(nil)
            world.queue.advance(by: 3600)
            try await eventually("all are accepted") { world.queue.accepted.count == 20 }
        }
    }

    @Test func `many recipients refused in a row with one text are not dead mailboxes`() async throws {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.refused, "550 5.1.1 user unknown", replyCode: 550))
        for number in 0..<20 {
            world.queue.put(Samples.queued(id: UUID.version7(), to: "ann\(number)@example.org"))
        }
        try await world.run { loop in
            try await eventually("the server is under suspicion") { loop.status.transportFailures >= 1 }
            try await eventually("no mail is given up") {
                world.queue.entries.count == 20 && world.queue.entries.allSatisfy { $0.dueAt != nil }
            }
            world.transport.failAlways(nil)
            world.queue.advance(by: 3600)
            try await eventually("all are accepted") { world.queue.accepted.count == 20 }
        }
    }

    @Test func `refusals with an accepted mail between them, or with different texts, stay final`()
        async throws
    {
        let world = MailLoopWorld()
        let accepted = Samples.mails(1)[0]
        for number in 0..<4 {
            world.transport.fail(MailError(.refused, "550 5.1.1 user unknown", replyCode: 550))
            world.queue.put(Samples.queued(id: UUID.version7(), to: "ann\(number)@example.org"))
        }
        try await world.run { _ in
            try await eventually("four are given up") {
                world.queue.entries.count == 4 && world.queue.entries.allSatisfy { $0.dueAt == nil }
            }
            world.queue.put(accepted)
            try await eventually("one is accepted") { world.queue.accepted == [accepted.id] }
            for number in 4..<7 {
                world.transport.fail(MailError(.refused, "550 5.1.1 user unknown", replyCode: 550))
                world.queue.put(Samples.queued(id: UUID.version7(), to: "ann\(number)@example.org"))
            }
            world.transport.fail(MailError(.refused, "552 mailbox full", replyCode: 552))
            world.queue.put(Samples.queued(id: UUID.version7(), to: "ann7@example.org"))
            try await eventually("all are given up") {
                world.queue.entries.count == 8 && world.queue.entries.allSatisfy { $0.dueAt == nil }
            }
        }
    }

    @Test func `a mail that cannot be made is kept aside, and the others go out`() async throws {
        let world = MailLoopWorld()
        let hostile = Samples.queued(id: UUID.version7(), to: "ann@example.org\r\nBcc: eve@example.org")
        let unknown = Samples.queued(MailDraft.Template(rawValue: "nothing"), id: UUID.version7())
        let good = Samples.mails(1)[0]
        world.queue.put(hostile, unknown, good)
        try await world.run { _ in
            try await eventually("the good one is sent") { world.queue.accepted == [good.id] }
        }
        #expect(world.queue.entries.map(\.dueAt) == [nil, nil])
        #expect(world.transport.attempts == [good.id])
    }

    @Test func `a mail that fails for three days is given up`() async throws {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.unavailable, "nobody there"))
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

    @Test func `a dead transport is not asked for every mail that waits`() async throws {
        var world = MailLoopWorld()
        world.configuration.rests = [.seconds(3600)]
        world.transport.failAlways(MailError(.unavailable, "nobody there"))
        for mail in Samples.mails(10) { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("the first failed") { loop.status.transportFailures == 1 }
            world.queue.put(Samples.mails(1)[0])
            try await eventually("the status tells it") { loop.status.queue?.pending == 10 }
            #expect(loop.status.fault == "unavailable: nobody there")
        }
        #expect(world.transport.attempts.count == 1)
        #expect(world.queue.entries.map(\.mail.attempts).reduce(0, +) == 1)
    }

    @Test func `when the transport comes back everything goes out`() async throws {
        let world = MailLoopWorld()
        world.transport.failAlways(MailError(.unavailable, "nobody there"))
        for mail in Samples.mails(10) { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("it failed a few times") { loop.status.transportFailures >= 3 }
            world.transport.failAlways(nil)
            world.queue.advance(by: 3600)
            try await eventually("all are accepted") { world.queue.accepted.count == 10 }
            #expect(loop.status.transportFailures == 0)
            #expect(loop.status.fault == nil)
        }
    }

    @Test func `a queue that fails is asked again, and a mail that was taken is not sent twice`() async throws
    {
        let world = MailLoopWorld()
        world.queue.fail(calls: 3)
        let mail = Samples.mails(1)[0]
        try await world.run { _ in
            world.queue.put(mail)
            try await eventually("it is in hand") {
                world.transport.hang(true)
                return world.transport.inHand == 1 || world.queue.accepted.count == 1
            }
            world.queue.fail(calls: 2)
            world.transport.hang(false)
            try await eventually("it is accepted") { world.queue.accepted == [mail.id] }
        }
        #expect(world.transport.sent == [mail.id])
    }

    @Test func `several mails are in hand at a time where that is asked for`() async throws {
        var world = MailLoopWorld()
        world.configuration.concurrency = 4
        world.transport.hang(true)
        for mail in Samples.mails(20) { world.queue.put(mail) }
        try await world.run { _ in
            try await eventually("four are in hand") { world.transport.inHand == 4 }
            world.transport.hang(false)
            try await eventually("all are accepted") { world.queue.accepted.count == 20 }
        }
        #expect(world.transport.mostInHand == 4)
    }
}
