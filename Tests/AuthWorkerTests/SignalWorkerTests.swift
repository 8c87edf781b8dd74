// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
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
        settings.inbox = .sqlite(path: "/proc/nowhere/inbox.sqlite")
        let service: any Service = worker(of: "billing", settings)
        let failure = await #expect(throws: ProcessFailure.self) { try await service.run() }
        #expect(failure?.code == .usage)
        #expect(failure?.message.hasPrefix("INBOX_URL: ") == true)
    }

    @Test func `a service opens no database by itself`() async {
        var settings = settings
        settings.inbox = .postgres("postgres://worker:hush@127.0.0.1/billing")
        let service: any Service = worker(of: "billing", settings)
        let failure = await #expect(throws: ProcessFailure.self) { try await service.run() }
        #expect(failure?.code == .usage)
        #expect(failure?.message.hasPrefix("INBOX_URL: ") == true)
        #expect(failure?.message.contains("hush") == false)
    }

    @Test func `a program that knows other inboxes opens the one of the setting`() async throws {
        struct Opened: Error, Equatable { var url: InboxURL, concurrency: Int }
        var settings = settings
        settings.inbox = .postgres("postgres://worker@127.0.0.1/billing")
        let options = try WorkerOptions.parse(["--queue", "billing", "--bind", "account.#"])
        let service: any Service = SignalWorker(options, handlers: SignalHandlers(), settings: settings) {
            url, concurrency, _ in
            throw Opened(url: url, concurrency: concurrency)
        }
        let opened = await #expect(throws: Opened.self) { try await service.run() }
        #expect(opened == Opened(url: settings.inbox, concurrency: 8))
    }
}
