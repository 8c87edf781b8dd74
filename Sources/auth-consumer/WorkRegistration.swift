// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthInbox
import AuthSignals
import Foundation
import Logging
import ServiceLifecycle

/// Notes in the inbox what this worker handles, as soon as its queue is bound: `auth-signals outbox verify --inbox`
/// compares it with what was emitted.
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
                    "it could not be noted what this worker handles; outbox verify --inbox does not know it",
                    metadata: ["error": "\(error)"])
            }
        }
        try? await gracefulShutdown()
    }
}
