// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthTesting
import Foundation
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

/// Who delivers, and how it ends.
@Suite struct MailLoopRoleTests {
    @Test func `one process delivers, and the next takes over`() async throws {
        let world = MailLoopWorld()
        world.queue.hold()
        let mail = Samples.mails(1)[0]
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
        let world = MailLoopWorld()
        world.queue.hold()
        try await world.run { loop in
            try await eventually("it stands by") { loop.status.role == .standby }
        }
        #expect(world.transport.isClosed)
        #expect(world.queue.isHeld)
    }

    @Test func `at shutdown what is in hand comes to its end, and nothing more is taken`() async throws {
        let world = MailLoopWorld()
        world.transport.hang(true)
        let mails = Samples.mails(3)
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
        var world = MailLoopWorld()
        world.configuration.grace = .milliseconds(20)
        world.transport.hang(true)
        let mail = Samples.mails(1)[0]
        world.queue.put(mail)
        try await world.run { _ in
            try await eventually("it is in hand") { world.transport.inHand == 1 }
        }
        #expect(world.queue.entries.map(\.mail.id) == [mail.id])
        #expect(world.queue.entries.map(\.mail.attempts) == [0])
        #expect(world.queue.entries.map(\.dueAt) == [Samples.date])
    }

    @Test func `cancelling ends the loop without waiting`() async throws {
        let world = MailLoopWorld()
        world.transport.hang(true)
        world.queue.put(Samples.mails(1)[0])
        let loop = try world.loop()
        let running = Task { await loop.run() }
        try await eventually("it is in hand") { world.transport.inHand == 1 }
        running.cancel()
        await running.value
        #expect(!world.queue.isHeld)
        #expect(world.queue.entries.count == 1)
    }
}
