// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import BrokerSupport
import FaultSupport
import Foundation
import InMemoryTracing
import Logging
import ProgramSupport
import Testing
import Tracing

extension EndToEnd {
    @Suite("Traces")
    struct TraceTests {
        @Test
        func `the handler's span continues the trace of the emitting code through store and broker`()
            async throws
        {
            let installation = try await Installation(broker: try await PrivateBroker.shared.url)
            let broker = try installation.broker
            let logger = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
            let tracer = InMemoryTracer()
            let store = try await SQLiteStore.trial(installation.folder.path("auth.sqlite"), logger: logger)
            let topology = try ConsumerTopology(queue: installation.name(of: "trace"), patterns: ["#"])
            try await BrokerAdmin(broker).declareExchange()
            try await BrokerAdmin(broker).declare(topology)

            let emitting = tracer.startAnySpan("sign up", context: .topLevel)
            var draft = try TrialCodec.codec.draft(
                TrialHappened(number: 1, subject: "ada"), at: Date(timeIntervalSince1970: 1_800_000_000))
            tracer.inject(emitting.context, into: &draft.trace, using: CarrierInjector())
            emitting.end()
            try await store.transaction { [draft] (transaction: SQLiteTransaction) in
                try transaction.emit(draft)
            }

            let inside = Locked<[String?]>([])
            var handlers = SignalHandlers()
            handlers.on(TrialHappened.self, as: "traced") { _, context in
                inside.change { $0.append(context.trace.inMemorySpanContext?.spanID) }
            }
            let source = BrokerSource(topology, broker, logger: logger)
            let dispatcher = SignalDispatcher(
                from: source, handlers: handlers, inbox: nil, logger: logger, tracer: tracer)
            let relay = TrialRelay(from: store, broker, logger: logger)
            let running = Task {
                try await withThrowingTaskGroup { group in
                    group.addTask { try await relay.run() }
                    group.addTask { try await source.run() }
                    group.addTask { try await dispatcher.run() }
                    try await group.waitForAll()
                }
            }
            let queue = topology.queue
            let delivery = try await eventualValue("the message is acknowledged, and its span has ended") {
                tracer.finishedSpans.first { $0.operationName == "process \(queue)" }
            }
            let span = try #require(
                tracer.finishedSpans.first { $0.operationName == "handle trial.happened" })
            running.cancel()
            try? await running.value
            #expect(delivery.kind == .consumer)
            #expect(delivery.traceID == emitting.context.inMemorySpanContext?.traceID)
            #expect(delivery.parentSpanID == emitting.context.inMemorySpanContext?.spanID)
            #expect(span.parentSpanID == delivery.spanID)
            #expect(inside.value == [span.spanID])
        }
    }
}

private struct CarrierInjector: Injector {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
        carrier[key] = value
    }
}
