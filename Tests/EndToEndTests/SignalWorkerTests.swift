// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthSignals
import AuthTesting
import AuthWorker
import BrokerSupport
import Foundation
import Logging
import ProgramSupport
import ServiceLifecycle
import Testing

extension EndToEnd {
    @Suite("A worker in an application's group")
    struct SignalWorkerTests {
        @Test func `handles a signal, and finishes the message in flight when the group shuts down`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            try await BrokerAdmin(installation.broker).declareExchange()
            var reader = SettingsReader(installation.environment)
            let settings = WorkerSettings(reading: &reader)
            try reader.check()

            let begun = Locked<[String]>([])
            let finished = Locked<[String]>([])
            let (gate, gateKeeper) = AsyncStream<Void>.makeStream()
            var handlers = SignalHandlers()
            handlers.on(matching: "account.#", as: "slow") { event, _ in
                begun.change { $0.append(event.id.wireText) }
                for await _ in gate {}
                finished.change { $0.append(event.id.wireText) }
            }
            let queue = installation.name(of: "grouped")
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let worker = SignalWorker(
                queue: queue, patterns: ["account.#"], handlers: handlers, settings: settings, logger: logger)
            let group = ServiceGroup(services: [worker], logger: logger)
            let id = UUID().uuidString.lowercased()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                // A failure of the test must not wait for the handler.
                defer { gateKeeper.finish() }
                tasks.addTask { try await group.run() }
                try await eventually("the worker is ready") { worker.readiness.isReady }
                let published = try await installation.publish(event(id), routingKey: "account.a", id: id)
                #expect(published == .confirmed)
                try await eventually("the handler has begun") { begun.value == [id] }
                await group.triggerGracefulShutdown()
                #expect(finished.value.isEmpty)
                gateKeeper.finish()
                try await tasks.waitForAll()
            }
            #expect(finished.value == [id])
            #expect(worker.readiness.parts.isEmpty && !worker.readiness.isReady)
            #expect(try await BrokerAdmin(installation.broker).messageCount(in: queue) == 0)
            #expect(try await installation.deadLetters(of: "grouped") == 0)
        }

        @Test func `shows a handler whose circuit is open, and stays ready`() async throws {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            try await BrokerAdmin(installation.broker).declareExchange()
            var reader = SettingsReader(installation.environment)
            let settings = WorkerSettings(reading: &reader)
            try reader.check()

            struct Unavailable: Error {}
            var handlers = SignalHandlers()
            handlers.on(matching: "account.#", as: "broken") { _, _ in throw Unavailable() }
            handlers.on(matching: "account.#", as: "sound") { _, _ in }
            var dispatching = DispatcherSettings()
            dispatching.circuitBreaker?.failures = 1
            dispatching.circuitBreaker?.probeInterval = .seconds(3600)
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let worker = SignalWorker(
                queue: installation.name(of: "broken"), patterns: ["account.#"], handlers: handlers,
                dispatching: dispatching, settings: settings, logger: logger)
            let group = ServiceGroup(services: [worker], logger: logger)
            let id = UUID().uuidString.lowercased()
            try await withThrowingTaskGroup(of: Void.self) { tasks in
                tasks.addTask { try await group.run() }
                try await eventually("the worker is ready") { worker.readiness.isReady }
                #expect(Array(worker.readiness.parts.keys) == ["broker"])
                let published = try await installation.publish(event(id), routingKey: "account.a", id: id)
                #expect(published == .confirmed)
                try await eventually("the circuit is open") {
                    worker.readiness.parts["circuit.broken"] == "open"
                }
                #expect(worker.readiness.isReady)
                #expect(worker.readiness.parts["circuit.sound"] == nil)
                await group.triggerGracefulShutdown()
                try await tasks.waitForAll()
            }
        }

        @Test func `a program of one call reports all wrong settings in one line and exits with 2`()
            async throws
        {
            let program = try Program(
                "HandleSignals", [],
                environment: ["BROKER_URL": "hush-hush", "LOG_FORMAT": "hush-hush", "METRICS_PORT": "abc"])
            #expect(try await program.exitCode() == 2)
            #expect(program.log.split(separator: "\n").count == 1, "\(program.log)")
            #expect(program.log.hasPrefix("HandleSignals: "))
            for name in ["BROKER_URL", "LOG_FORMAT", "METRICS_PORT"] { #expect(program.log.contains(name)) }
            #expect(!program.log.contains("hush-hush"))
        }

        private func event(_ id: String) -> String {
            """
            {"specversion":"1.0","id":"\(id)","source":"http://accounts.test","type":"account.a",
             "time":"2026-11-23T08:00:00.123Z","datacontenttype":"application/json","data":{"request":{}}}
            """
        }
    }
}
