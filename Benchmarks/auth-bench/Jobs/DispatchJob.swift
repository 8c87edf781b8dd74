// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthConsumer
import AuthSQLiteInbox
import AuthSignals
import Foundation
import Logging

/// The job of the dispatcher.
enum DispatchJob {
    static func run(_ job: Job) async throws -> Outcome {
        let meter = Meter(target: job.count)
        var handlers = SignalHandlers()
        switch job.handling {
        case .raw: handlers.on(matching: "#", as: "raw") { _, _ in meter.count() }
        case .typed, .typedWithInbox:
            handlers.on(Measured.self, as: "typed") { signal, _ in
                if signal.note.isEmpty { throw BenchError("the received message is not the published one") }
                meter.count()
            }
        }
        let source = BrokerSource(try topology(job), try job.broker(), logger: .silent)
        var settings = DispatcherSettings()
        settings.concurrency = job.concurrency
        let dispatcher = SignalDispatcher(
            from: source, handlers: handlers,
            inbox: job.handling == .typedWithInbox ? try SQLiteInbox(path: job.inboxPath) : nil,
            settings: settings, logger: .silent)
        try await Running.services([source, dispatcher]) { await meter.reached() }
        return meter.outcome
    }

    static func topology(_ job: Job) throws -> ConsumerTopology {
        try ConsumerTopology(queue: job.queue, patterns: ["bench.#"])
    }
}
