// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthTesting
import AuthSignals
import Foundation
import InMemoryLogging
import Logging
import MetricsTestKit
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@Suite struct MailLoopTests {
    /// A loop with everything around it in memory.
    private struct World {
        let queue = MemoryMailQueue()
        let transport = ScriptedTransport()
        let metrics = TestMetrics()
        let log = InMemoryLogHandler()
        var configuration = MailLoopConfiguration()

        init() {
            configuration.rests = [.milliseconds(10)]
            configuration.sweep = .milliseconds(20)
        }

        func loop() throws -> MailLoop {
            MailLoop(
                queue: queue, transport: transport, renderer: try Samples.renderer(),
                configuration: configuration,
                clock: queue, logger: Logger(label: "test") { [log] _ in log }, metricsFactory: metrics)
        }

        /// Runs a loop while `body` does, and shuts it down.
        func run(_ body: (MailLoop) async throws -> Void) async throws {
            let loop = try loop()
            try await testGracefulShutdown { trigger in
                async let running: Void = loop.run()
                let result: Result<Void, any Error>
                do { result = .success(try await body(loop)) } catch { result = .failure(error) }
                trigger.triggerGracefulShutdown()
                await running
                try result.get()
            }
        }
    }

    private func mails(_ count: Int) -> [QueuedMail] {
        (0..<count).map { _ in Samples.queued(id: UUID.version7()) }
    }

    @Test func `mails that wait go out in order and leave the queue`() async throws {
        let world = World()
        let mails = mails(40)
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
        var world = World()
        world.configuration.sweep = .seconds(3600)
        let mail = mails(1)[0]
        try await world.run { loop in
            try await eventually("the loop has found nothing") { loop.status.queue?.pending == 0 }
            world.queue.put(mail)
            try await eventually("it is sent") { world.queue.accepted == [mail.id] }
        }
    }

    @Test func `a mail that no call tells of is found by the sweep`() async throws {
        let world = World()
        let mail = Samples.queued(queuedAt: Samples.date.addingTimeInterval(3600))
        try await world.run { loop in
            world.queue.put(mail)
            try await eventually("it waits") { loop.status.queue?.pending == 1 }
            #expect(world.transport.attempts.isEmpty)
            world.queue.advance(by: 3601)
            try await eventually("it is sent") { world.queue.accepted == [mail.id] }
        }
    }

    @Test
    func
        `a mail that is not taken now is tried again when its time has come, and the next one does not wait`()
        async throws
    {
        let world = World()
        let mails = mails(2)
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
        let world = World()
        let mails = mails(2)
        world.transport.fail(MailError(.refused, "no such mailbox", replyCode: 550))
        world.queue.put(mails[0], mails[1])
        try await world.run { _ in
            try await eventually("the second is sent") { world.queue.accepted == [mails[1].id] }
        }
        #expect(world.queue.entries.count == 1)
        #expect(world.queue.entries[0].dueAt == nil)
        #expect(world.transport.attempts.count == 2)
    }

    @Test func `a mail that cannot be made is kept aside, and the others go out`() async throws {
        let world = World()
        let hostile = Samples.queued(id: UUID.version7(), to: "ann@example.org\r\nBcc: eve@example.org")
        let unknown = Samples.queued(MailDraft.Template(rawValue: "nothing"), id: UUID.version7())
        let good = mails(1)[0]
        world.queue.put(hostile, unknown, good)
        try await world.run { _ in
            try await eventually("the good one is sent") { world.queue.accepted == [good.id] }
        }
        #expect(world.queue.entries.map(\.dueAt) == [nil, nil])
        #expect(world.transport.attempts == [good.id])
    }

    @Test func `a mail that fails for three days is given up`() async throws {
        let world = World()
        world.transport.failAlways(MailError(.unavailable, "nobody there"))
        let mail = mails(1)[0]
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
        var world = World()
        world.configuration.rests = [.seconds(3600)]
        world.transport.failAlways(MailError(.unavailable, "nobody there"))
        for mail in mails(10) { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("the first failed") { loop.status.transportFailures == 1 }
            world.queue.put(mails(1)[0])
            try await eventually("the status tells it") { loop.status.queue?.pending == 10 }
            #expect(loop.status.fault == "unavailable: nobody there")
        }
        #expect(world.transport.attempts.count == 1)
        #expect(world.queue.entries.map(\.mail.attempts).reduce(0, +) == 1)
    }

    @Test func `when the transport comes back everything goes out`() async throws {
        let world = World()
        world.transport.failAlways(MailError(.unavailable, "nobody there"))
        for mail in mails(10) { world.queue.put(mail) }
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
        let world = World()
        world.queue.fail(calls: 3)
        let mail = mails(1)[0]
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
        var world = World()
        world.configuration.concurrency = 4
        world.transport.hang(true)
        for mail in mails(20) { world.queue.put(mail) }
        try await world.run { _ in
            try await eventually("four are in hand") { world.transport.inHand == 4 }
            world.transport.hang(false)
            try await eventually("all are accepted") { world.queue.accepted.count == 20 }
        }
        #expect(world.transport.mostInHand == 4)
    }

    @Test func `one process delivers, and the next takes over`() async throws {
        let world = World()
        world.queue.hold()
        let mail = mails(1)[0]
        world.queue.put(mail)
        try await world.run { loop in
            try await eventually("it stands by") { loop.status.role == .standby }
            #expect(world.transport.attempts.isEmpty)
            world.queue.letGo()
            try await eventually("it takes over") { world.queue.accepted == [mail.id] }
            #expect(loop.status.role == .delivering)
            #expect(world.queue.isHeld)
        }
        #expect(!world.queue.isHeld)
    }

    @Test func `a loop that stands by ends at shutdown`() async throws {
        let world = World()
        world.queue.hold()
        try await world.run { loop in
            try await eventually("it stands by") { loop.status.role == .standby }
        }
        #expect(world.transport.isClosed)
        #expect(world.queue.isHeld)
    }

    @Test func `at shutdown what is in hand comes to its end, and nothing more is taken`() async throws {
        let world = World()
        world.transport.hang(true)
        let mails = mails(3)
        for mail in mails { world.queue.put(mail) }
        let loop = try world.loop()
        try await testGracefulShutdown { trigger in
            async let running: Void = loop.run()
            try await eventually("one is in hand") { world.transport.inHand == 1 }
            trigger.triggerGracefulShutdown()
            try await eventually("the loop knows") { loop.status.role == .stopping }
            world.transport.hang(false)
            await running
        }
        #expect(world.queue.accepted == [mails[0].id])
        #expect(world.transport.attempts.count == 1)
        #expect(world.transport.isClosed)
        #expect(!world.queue.isHeld)
        #expect(loop.status.role == .stopped)
    }

    @Test func `what takes longer than shutdown allows is interrupted and stays in the queue`() async throws {
        var world = World()
        world.configuration.grace = .milliseconds(20)
        world.transport.hang(true)
        let mail = mails(1)[0]
        world.queue.put(mail)
        try await world.run { _ in
            try await eventually("it is in hand") { world.transport.inHand == 1 }
        }
        #expect(world.queue.entries.map(\.mail.id) == [mail.id])
        #expect(world.queue.entries.map(\.mail.attempts) == [0])
        #expect(world.queue.entries.map(\.dueAt) == [Samples.date])
    }

    @Test func `cancelling ends the loop without waiting`() async throws {
        let world = World()
        world.transport.hang(true)
        world.queue.put(mails(1)[0])
        let loop = try world.loop()
        let running = Task { await loop.run() }
        try await eventually("it is in hand") { world.transport.inHand == 1 }
        running.cancel()
        await running.value
        #expect(!world.queue.isHeld)
        #expect(world.queue.entries.count == 1)
    }

    @Test func `the figures tell what was sent, what failed and what waits`() async throws {
        let world = World()
        let mails = mails(3)
        world.transport.fail(MailError(.postponed, "later"), MailError(.refused, "never"))
        for mail in mails { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("the third is sent") { world.queue.accepted == [mails[2].id] }
            try await eventually("it is counted") {
                loop.status.queue?.pending == 1 && loop.status.queue?.failed == 1
            }
            world.queue.advance(by: 4)
            try await eventually("the oldest is counted") {
                try world.metrics.expectGauge("auth_signals_mail_oldest").lastValue == 4
            }
        }
        let sent = try world.metrics.expectCounter(
            "auth_signals_mail_sent", [("template", "email_confirmation")])
        #expect(sent.totalValue == 1)
        let retried = try world.metrics.expectCounter(
            "auth_signals_mail_failed", [("code", "postponed"), ("outcome", "retry")])
        #expect(retried.totalValue == 1)
        let aside = try world.metrics.expectCounter(
            "auth_signals_mail_failed", [("code", "refused"), ("outcome", "aside")])
        #expect(aside.totalValue == 1)
        #expect(try world.metrics.expectGauge("auth_signals_mail_pending").lastValue == 1)
    }

    @Test func `no address, link or code is logged`() async throws {
        let world = World()
        world.transport.fail(MailError(.postponed, "later"), MailError(.refused, "never"))
        for mail in mails(3) { world.queue.put(mail) }
        try await world.run { _ in
            try await eventually("the third is sent") { world.queue.accepted.count == 1 }
        }
        let lines = world.log.entries.map { "\($0.message) \($0.metadata)" }
        #expect(lines.count >= 3)
        for line in lines {
            #expect(!line.contains("ann") && !line.contains("KEY") && !line.contains("BCDF"))
        }
    }
}
