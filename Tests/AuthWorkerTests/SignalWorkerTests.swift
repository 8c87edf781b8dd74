// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthServiceKit
import AuthSignals
import Logging
import ServiceLifecycle
import Testing

@testable import AuthWorker

/// What needs no broker; the end-to-end tests run workers.
@Suite("A worker as a service")
struct SignalWorkerTests {
    private var settings: WorkerSettings {
        var reader = SettingsReader([:])
        return WorkerSettings(reading: &reader)
    }

    private func worker(of queue: String, _ settings: WorkerSettings) -> SignalWorker {
        SignalWorker(
            queue: queue, patterns: ["account.#"], handlers: SignalHandlers(), settings: settings,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    @Test func `is not ready before it runs`() {
        #expect(
            worker(of: "billing", settings).readiness == SignalWorker.Readiness(isReady: false, parts: [:]))
    }

    @Test func `a service with an invalid queue throws instead of ending the process`() async {
        let service: any Service = worker(of: "amq.billing", settings)
        await #expect(throws: BrokerError.self) { try await service.run() }
    }

    @Test func `a service whose inbox cannot be opened names the setting`() async {
        var settings = settings
        settings.inboxPath = "/proc/nowhere/inbox.sqlite"
        let service: any Service = worker(of: "billing", settings)
        let failure = await #expect(throws: ProcessFailure.self) { try await service.run() }
        #expect(failure?.code == .usage)
        #expect(failure?.message.hasPrefix("INBOX_URL: ") == true)
    }
}
