// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthInbox
import AuthSignals
import Foundation
import Logging
import ServiceLifecycle

/// Registers the worker's handlers and bindings in the inbox as soon as its queue is bound, so that
/// `auth-signals outbox verify --inbox` can compare them with the emitted signals.
struct WorkRegistration: Service {
    let source: BrokerSource
    let handlers: SignalHandlers
    let inbox: SQLiteInbox
    let logger: Logger

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            try await source.awaitConnected()
            do {
                try await inbox.register(
                    handlers, boundTo: source.topology.patterns, on: source.topology.queue, at: Date())
            } catch {
                logger.warning(
                    "registration of handlers in the inbox failed; outbox verify --inbox compares all signals",
                    metadata: ["error": "\(error)"])
            }
        }
        try? await gracefulShutdown()
    }
}
