// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthMail
import AuthSignals
import Foundation
import InMemoryLogging
import Logging
import MetricsTestKit
import ServiceLifecycle
import ServiceLifecycleTestKit

/// A mail loop whose queue, transport, log and metrics are in memory.
struct MailLoopWorld {
    let queue = MemoryMailQueue()
    let transport = ScriptedTransport()
    let metrics = TestMetrics()
    let log = InMemoryLogHandler()
    var settings = MailLoopSettings()

    init() {
        settings.rests = [.milliseconds(10)]
        settings.sweep = .milliseconds(20)
    }

    func loop() throws -> MailLoop {
        MailLoop(
            queue: queue, transport: transport, renderer: try Samples.renderer(),
            settings: settings,
            clock: queue, logger: Logger(label: "test") { [log] _ in log }, metricsFactory: metrics)
    }

    /// Runs a loop while `body` runs, then shuts it down gracefully.
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

extension Samples {
    /// Mails to be queued, with distinct ids.
    static func mails(_ count: Int) -> [QueuedMail] {
        (0..<count).map { _ in queued(id: UUID.version7()) }
    }
}
