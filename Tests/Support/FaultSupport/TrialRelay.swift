// SPDX-License-Identifier: Apache-2.0
package import AuthBroker
package import AuthRelay
package import AuthSignals
import Foundation
package import Logging
package import ServiceLifecycle

/// A relay as in an installation, with its publisher.
package struct TrialRelay: Sendable {
    package let publisher: BrokerPublisher
    package let relay: SignalRelay

    package init(
        from store: any Outbox, _ broker: BrokerSettings, failpoints: RelayFailpoints = .none,
        logger: Logger
    ) {
        publisher = BrokerPublisher(broker, logger: logger)
        var settings = RelaySettings()
        settings.backoff = Backoff(first: .milliseconds(200), limit: .seconds(2), jitter: 20)
        relay = SignalRelay(
            from: store, to: publisher, codec: TrialCodec.codec, settings: settings,
            failpoints: failpoints, logger: logger)
    }

    /// The services in the order of a `ServiceGroup`.
    package var services: [any Service] { [publisher, relay] }

    /// Relays until it is cancelled, which abandons rows in flight, or until a failpoint throws.
    package func run() async throws {
        let publishing = Task { try await publisher.run() }
        do {
            try await relay.run()
        } catch {
            publishing.cancel()
            try await publishing.value
            throw error
        }
        publishing.cancel()
        try await publishing.value
    }
}
