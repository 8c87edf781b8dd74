// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
package import AuthConsumer
package import AuthSignals
import Foundation
package import Logging
package import ServiceLifecycle

/// A worker whose handler writes its effect in the inbox transaction, and which keeps a diary of its runs.
package struct TrialWorker: Sendable {
    package let source: BrokerSource
    package let dispatcher: SignalDispatcher

    /// - Parameters:
    ///   - before: runs before the handler's transaction; an error that it throws counts as the handler's.
    ///   - after: runs after the transaction's commit and before the acknowledgement.
    package init(
        _ topology: ConsumerTopology, _ broker: BrokerSettings, effects: TrialEffects, log: TrialLog,
        settings: DispatcherSettings = DispatcherSettings(), logger: Logger,
        before: @escaping @Sendable (SignalContext) async throws -> Void = { _ in },
        after: @escaping @Sendable (SignalContext) async throws -> Void = { _ in }
    ) {
        var handlers = SignalHandlers()
        effects.addHandler(to: &handlers)
        var settings = settings
        settings.middleware = [Diary(log: log, before: before, after: after)]
        source = BrokerSource(topology, broker, logger: logger)
        dispatcher = SignalDispatcher(
            from: source, handlers: handlers, inbox: effects.inbox, settings: settings,
            logger: logger)
    }

    /// The services in the order of a `ServiceGroup`.
    package var services: [any Service] { [source, dispatcher] }

    /// Handles messages until it is cancelled, which abandons deliveries in flight.
    package func run() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await source.run() }
            group.addTask { try await dispatcher.run() }
            try await group.waitForAll()
        }
    }
}

private struct Diary: SignalMiddleware {
    let log: TrialLog
    let before: @Sendable (SignalContext) async throws -> Void
    let after: @Sendable (SignalContext) async throws -> Void

    func handle(
        _ event: SignalEvent, _ context: SignalContext, by handler: String,
        next: @escaping @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) async throws {
        log.write(.begin, context.id, attempt: context.attempt)
        defer { log.write(.end, context.id, attempt: context.attempt) }
        try await before(context)
        try await next(event, context)
        try await after(context)
    }
}
