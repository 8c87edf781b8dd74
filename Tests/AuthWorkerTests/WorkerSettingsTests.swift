// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthServiceKit
import AuthSignals
import Testing

@testable import AuthWorker

@Suite("The settings of a worker")
struct WorkerSettingsTests {
    @Test func `reads the settings`() throws {
        var reader = SettingsReader([
            "BROKER_URL": "amqp://broker.example.org", "BROKER_EXCHANGE": "signals",
            "INBOX_URL": "sqlite:/var/lib/worker/inbox.sqlite", "METRICS_PORT": "9100",
        ])
        let settings = WorkerSettings(reading: &reader)
        try reader.check()
        #expect(settings.broker.exchange == "signals")
        #expect(settings.inbox == .sqlite(path: "/var/lib/worker/inbox.sqlite"))
        #expect(settings.process.metricsPort == 9100)
        #expect(settings.warnings.isEmpty)
    }

    @Test func `reports every wrong setting without its value`() {
        var reader = SettingsReader([
            "BROKER_URL": "http://u:hush@h", "BROKER_EXCHANGE": "amq.hush", "INBOX_URL": "mysql://hush",
            "METRICS_PORT": "hush", "LOG_LEVEL": "hush", "LOG_FORMAT": "hush",
            "SIGNALS_TOKEN_KEYS": "k1:hush",
        ])
        _ = WorkerSettings(reading: &reader)
        #expect(
            Set(reader.faults.map(\.name)) == [
                "BROKER_URL", "BROKER_EXCHANGE", "INBOX_URL", "METRICS_PORT", "LOG_LEVEL", "LOG_FORMAT",
                "SIGNALS_TOKEN_KEYS",
            ])
        #expect(!reader.faults.description.contains("hush"))
    }

    @Test
    func `the prefetch is twice the concurrency or the largest batch, and in strict order the concurrency`() {
        var reader = SettingsReader([:])
        let settings = WorkerSettings(reading: &reader)
        func prefetch(_ concurrency: Int, batch: Int = 1, singleActive: Bool = false) -> Int {
            settings.broker(
                as: "billing", concurrency: concurrency, batch: batch, singleActive: singleActive
            ).prefetch
        }
        #expect(prefetch(8) == 16)
        #expect(prefetch(8, singleActive: true) == 8)
        #expect(prefetch(8, batch: 100) == 200)
        #expect(prefetch(8, batch: 100, singleActive: true) == 8)
        #expect(prefetch(.max) == 65_535)
        #expect(prefetch(.max, singleActive: true) == 65_535)
    }

    @Test func `a connection is named after the program unless the settings name it`() {
        var reader = SettingsReader([:])
        var settings = WorkerSettings(reading: &reader)
        #expect(
            settings.broker(as: "billing", concurrency: 1, singleActive: false).connectionName == "billing")
        settings.broker.connectionName = "invoices"
        #expect(
            settings.broker(as: "billing", concurrency: 1, singleActive: false).connectionName == "invoices")
    }
}
