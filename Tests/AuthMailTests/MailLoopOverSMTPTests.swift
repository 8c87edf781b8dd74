// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthTesting
import AuthSignals
import Foundation
import Logging
import ServiceLifecycleTestKit
import Testing

@Suite(.needsPython) struct MailLoopOverSMTPTests {
    private func loop(_ queue: MemoryMailQueue, port: Int) throws -> MailLoop {
        var settings = MailLoopSettings()
        settings.rests = [.milliseconds(20)]
        settings.sweep = .milliseconds(20)
        return MailLoop(
            queue: queue, transport: SMTPTransport(SMTPSettings(host: "127.0.0.1", port: port)),
            renderer: try Samples.renderer(), settings: settings, clock: queue,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `mails stay queued while the server is down and are sent when it is up`() async throws {
        let port = try await SMTPServer.run { $0.port }
        let queue = MemoryMailQueue()
        let mails = (0..<5).map { _ in Samples.queued(id: UUID.version7()) }
        for mail in mails { queue.put(mail) }
        let loop = try loop(queue, port: port)
        try await testGracefulShutdown { trigger in
            async let running: Void = loop.run()
            try await eventually("several attempts fail") { loop.status.transportFailures >= 3 }
            #expect(queue.accepted.isEmpty)
            try await SMTPServer.run(["port": port]) { server in
                queue.advance(by: 3600)
                try await eventually("all mails arrive") { server.mails.count == 5 }
                try await eventually("all mails are accepted") { queue.accepted.count == 5 }
                #expect(Set(server.mails.flatMap { $0.message.values("Message-ID") }).count == 5)
            }
            trigger.triggerGracefulShutdown()
            await running
        }
    }

    @Test func `cancellation interrupts a silent server, and the mail stays queued`() async throws {
        try await SMTPServer.run(["hang": "data"]) { server in
            let queue = MemoryMailQueue()
            queue.put(Samples.queued())
            let loop = try loop(queue, port: server.port)
            let running = Task { await loop.run() }
            try await eventually("the server stops responding") { server.count("hanging") == 1 }
            running.cancel()
            await running.value
            #expect(queue.entries.map(\.mail.attempts) == [0])
        }
    }
}
