// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import BrokerSupport
import Foundation
import ProgramSupport
import Testing
import ToolSupport

extension EndToEnd {
    /// A real Prometheus scrapes real processes, and a real fault makes the shipped alerts fire.
    @Suite("Alerts of a real Prometheus", .enabled(if: Monitoring.isInstalled, "prometheus is not installed"))
    struct AlertTests {
        private static let secret = "whsec_" + Data((0..<32).map { UInt8($0) }).base64EncodedString()
        private static let bob = ["email": "bob@example.org", "password": "correct-horse"]

        @Test func `an outage of the broker, a pause, a dead letter and a stopped server fire alerts`()
            async throws
        {
            let broker = try await PrivateBroker.start()
            let installation = try await Installation(broker: broker.url)
            let worker = try await installation.consume(queue: "alerts")
            let server = try await installation.serve()
            let prometheus = try await PrivatePrometheus.start(
                servers: [PrivatePrometheus.address(server.base)],
                workers: [PrivatePrometheus.address(worker.base)])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            _ = try await worker.handled(atLeast: 3)
            try await prometheus.isSilent()

            try await broker.stop()
            #expect(try await server.call("POST", "/auth/signup", Self.bob).status == 200)
            try await prometheus.fires([
                "AuthSignalsOutboxOld", "AuthSignalsRelayNotPublishing", "AuthConsumerNotReady",
            ])
            try await broker.restart()
            // Each of them waits for up to 15 s before it connects again.
            try await eventually(
                within: .seconds(90), "six signals are handled: \(worker.program.log.suffix(2000))"
            ) {
                worker.handled().count >= 6
            }
            try await prometheus.isSilent()

            try await installation.operate(["outbox", "pause"])
            try await prometheus.fires(["AuthSignalsPaused"])
            try await installation.operate(["outbox", "resume"])
            #expect(
                try await installation.publish("{no event", routingKey: "account.user_logged_in")
                    == .confirmed)
            try await prometheus.fires(["AuthConsumerDeadLetters"])

            try await server.program.stop()
            try await prometheus.fires(["AuthSignalsTargetDown", "AuthSignalsMetricsMissing"])
            try await worker.program.stop()
            try await prometheus.fires(["AuthConsumerMetricsMissing"])
            try await prometheus.stop()
            try await broker.stop()
        }

        @Test func `a mail server that does not answer and signals without a queue fire alerts`() async throws
        {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url, settings: ["MAIL_URL": "smtp://127.0.0.1:1"])
            let server = try await installation.serve()
            let prometheus = try await PrivatePrometheus.start(
                servers: [PrivatePrometheus.address(server.base)], workers: ["127.0.0.1:1"])
            try await prometheus.fires(["AuthConsumerMetricsMissing", "AuthSignalsTargetDown"])
            #expect(try await server.call("POST", "/auth/signup", Installation.ada).status == 200)
            try await prometheus.fires(["AuthSignalsMailOld", "AuthSignalsUnrouted"])
            try await server.program.stop()
            try await prometheus.stop()
        }

        @Test func `a handler whose service is away fires alerts`() async throws {
            let installation = try await Installation(
                broker: try await PrivateBroker.shared.url,
                settings: [
                    "CONSUMER_WEBHOOK_URL": "http://127.0.0.1:1/", "CONSUMER_WEBHOOK_SECRET": Self.secret,
                    "LOG_LEVEL": "notice",
                ])
            let worker = try await installation.consume(queue: "failing")
            let server = try await installation.serve()
            let prometheus = try await PrivatePrometheus.start(
                servers: [PrivatePrometheus.address(server.base)],
                workers: [PrivatePrometheus.address(worker.base)])
            try await prometheus.isSilent()
            try await installation.operate(["trigger", "account.user_logged_in", "--count", "30"])
            try await prometheus.fires(["AuthConsumerHandlerFailing", "AuthConsumerCircuitOpen"])
            try await worker.program.stop()
            try await server.program.stop()
            try await prometheus.stop()
        }

        @Test func `leases that no scraped process holds fire alerts until one takes over`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let worker = try await installation.consume(queue: "leases")
            let holder = try await installation.serve()
            try await eventually("it holds both leases") {
                let metrics = try await Answer("GET", holder.base + "/metrics").text
                return try await holder.readiness().part("relay") == "relaying"
                    && metrics.contains(#"auth_signals_lease_held{lease="mail"} 1"#)
            }
            let standby = try await installation.serve()
            let prometheus = try await PrivatePrometheus.start(
                servers: [PrivatePrometheus.address(standby.base)],
                workers: [PrivatePrometheus.address(worker.base)])
            try await prometheus.fires(["AuthSignalsRelayLeaseNotHeld", "AuthSignalsMailLeaseNotHeld"])
            try await holder.program.stop()
            try await prometheus.isSilent()
            try await standby.program.stop()
            try await worker.program.stop()
            try await prometheus.stop()
        }

        @Test(.enabled(if: TestStore.isSQLite, "a store in PostgreSQL has no file that can be removed"))
        func `a store whose file is removed fires an alert`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let server = try await installation.serve()
            let prometheus = try await PrivatePrometheus.start(
                servers: [PrivatePrometheus.address(server.base)], workers: ["127.0.0.1:1"])
            try await prometheus.fires(["AuthConsumerMetricsMissing"])
            try FileManager.default.removeItem(atPath: installation.folder.path("auth.sqlite"))
            try await prometheus.fires(["AuthSignalsStoreUnreachable"])
            try await server.program.stop()
            try await prometheus.stop()
        }
    }
}
