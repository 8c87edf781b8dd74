// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthTesting
import Foundation
import InMemoryLogging
import Logging
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

/// Which process delivers, and how its loop shuts down.
@Suite struct MailLoopPhaseTests {
    @Test func `one process delivers, and another takes over when the lease is released`() async throws {
        let world = MailLoopWorld()
        world.queue.hold()
        let mail = Samples.mails(1)[0]
        world.queue.put(mail)
        try await world.run { loop in
            try await eventually("the loop is on standby") { loop.status.phase == .standby }
            #expect(world.transport.attempts.isEmpty)
            world.queue.letGo()
            try await eventually("the loop takes over") { world.queue.accepted == [mail.id] }
            #expect(loop.status.phase == .delivering)
            #expect(world.queue.isHeld)
        }
        #expect(!world.queue.isHeld)
    }

    @Test func `a standby loop ends at shutdown`() async throws {
        let world = MailLoopWorld()
        world.queue.hold()
        try await world.run { loop in
            try await eventually("the loop is on standby") { loop.status.phase == .standby }
        }
        #expect(world.transport.isClosed)
        #expect(world.queue.isHeld)
    }

    @Test
    func `a loop that loses the lease finishes the mail in flight and delivers after it has the lease again`()
        async throws
    {
        let world = MailLoopWorld()
        world.transport.hang(true)
        let mails = Samples.mails(2)
        for mail in mails { world.queue.put(mail) }
        try await world.run { loop in
            try await eventually("one mail is in flight") { world.transport.inHand == 1 }
            world.queue.loseLease()
            try await eventually("the loss is logged") {
                world.log.entries.contains {
                    $0.level == .warning && "\($0.message)".hasPrefix("mail lease lost")
                }
            }
            world.transport.hang(false)
            try await eventually("the loop is on standby") { loop.status.phase == .standby }
            #expect(world.queue.accepted == [mails[0].id])
            #expect(world.transport.attempts == [mails[0].id])
            #expect(world.queue.isHeld)
            world.queue.letGo()
            try await eventually("the loop delivers again") { world.queue.accepted == mails.map(\.id) }
            #expect(loop.status.phase == .delivering)
        }
        #expect(!world.queue.isHeld)
    }

    @Test func `a loop that loses the lease while it waits for mail takes it again at once`() async throws {
        var world = MailLoopWorld()
        world.settings.sweep = .seconds(60)
        try await world.run { loop in
            try await eventually("the loop delivers") { loop.status.phase == .delivering }
            world.queue.loseLease()
            try await eventually("the loop is on standby") { loop.status.phase == .standby }
            world.queue.letGo()
            let mail = Samples.mails(1)[0]
            world.queue.put(mail)
            try await eventually("the mail is sent") { world.queue.accepted == [mail.id] }
        }
    }

    @Test func `shutdown finishes the mail in flight and starts no other`() async throws {
        let world = MailLoopWorld()
        world.transport.hang(true)
        let mails = Samples.mails(3)
        for mail in mails { world.queue.put(mail) }
        let loop = try world.loop()
        try await testGracefulShutdown { trigger in
            async let running: Void = loop.run()
            try await eventually("one mail is in flight") { world.transport.inHand == 1 }
            trigger.triggerGracefulShutdown()
            try await eventually("the loop is stopping") { loop.status.phase == .stopping }
            world.transport.hang(false)
            await running
        }
        #expect(world.queue.accepted == [mails[0].id])
        #expect(world.transport.attempts.count == 1)
        #expect(world.transport.isClosed)
        #expect(!world.queue.isHeld)
        #expect(loop.status.phase == .stopped)
    }

    @Test func `a mail in flight after the grace period is interrupted and stays queued`() async throws {
        var world = MailLoopWorld()
        world.settings.grace = .milliseconds(20)
        world.transport.hang(true)
        let mail = Samples.mails(1)[0]
        world.queue.put(mail)
        try await world.run { _ in
            try await eventually("the mail is in flight") { world.transport.inHand == 1 }
        }
        #expect(world.queue.entries.map(\.mail.id) == [mail.id])
        #expect(world.queue.entries.map(\.mail.attempts) == [0])
        #expect(world.queue.entries.map(\.dueAt) == [Samples.date])
    }

    @Test func `cancellation ends the loop without waiting for the mail in flight`() async throws {
        let world = MailLoopWorld()
        world.transport.hang(true)
        world.queue.put(Samples.mails(1)[0])
        let loop = try world.loop()
        let running = Task { await loop.run() }
        try await eventually("the mail is in flight") { world.transport.inHand == 1 }
        running.cancel()
        await running.value
        #expect(!world.queue.isHeld)
        #expect(world.queue.entries.count == 1)
    }
}
