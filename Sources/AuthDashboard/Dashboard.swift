// SPDX-License-Identifier: Apache-2.0
package import AuthFlows
package import AuthHTTP
package import AuthServer
package import AuthStore
import AuthSignals
import Foundation
package import Logging
import ServiceLifecycle

/// The page for developers and operators at `/dashboard/`: signals as they happen, the outbox, queues, workers, dead
/// letters and the mails of development.
///
/// As a service it ends its HTTP connections at the end of the process.
package struct Dashboard: Service {
    /// What the dashboard shows and changes.
    package struct Subject: Sendable {
        package var store: any OperatedStore
        package var keys: KeyRing
        package var mails: MailPlace
        /// nil if the broker's dead letters cannot be reached.
        package var deadLetters: (any DeadLetterAccess)?
        /// `PUBLIC_URL`.
        package var publicURL: String
        /// `SIGNALS_SOURCE`, shown as the title.
        package var source: String
        package var clientAddress = ClientAddress()
        /// How many signals this process has in flight; nil if another process publishes them.
        package var inFlight: @Sendable () -> Int? = { nil }

        package init(
            store: any OperatedStore, keys: KeyRing, mails: MailPlace, publicURL: String, source: String
        ) {
            self.store = store
            self.keys = keys
            self.mails = mails
            self.publicURL = publicURL
            self.source = source
        }
    }

    let subject: Subject
    let access: DashboardAccess
    let feed: SignalFeed
    let logger: Logger
    private let connections: HTTPConnections

    package init(
        _ settings: DashboardSettings, subject: Subject, outgoing: OutgoingHTTP, logger: Logger
    ) {
        let connections = HTTPConnections(outgoing, connectTimeout: .seconds(5))
        self.init(
            settings, subject: subject, connections: connections,
            broker: BrokerNumbers(settings.management, connections: connections),
            workers: WorkerNumbers(pages: settings.workers, connections: connections), logger: logger)
    }

    /// - Parameter interval: the time between two reads of the store.
    init(
        _ settings: DashboardSettings, subject: Subject, connections: HTTPConnections,
        broker: any BrokerNumbersSource, workers: any WorkerNumbersSource, interval: Duration = .seconds(1),
        logger: Logger
    ) {
        self.subject = subject
        self.connections = connections
        self.logger = logger
        access = DashboardAccess(
            cookie: DashboardCookie(
                keys: subject.keys, token: settings.token,
                isSecure: subject.publicURL.lowercased().hasPrefix("https://")),
            clientAddress: subject.clientAddress, publicURL: subject.publicURL, clock: subject.store.clock)
        var constant = StateEvent(time: "")
        constant.actions.dead = subject.deadLetters != nil
        constant.mails = true
        constant.installation = subject.source
        if settings.management == nil {
            constant.queuesNote = "BROKER_MANAGEMENT_URL is not set, so the queues' numbers are unknown"
        }
        if settings.workers.isEmpty {
            constant.workersNote = "DASHBOARD_WORKERS is not set: list the metrics pages of the workers"
        }
        feed = SignalFeed(
            store: subject.store,
            sources: SignalFeed.Sources(
                broker: broker, workers: workers, inFlight: subject.inFlight, constant: constant),
            interval: interval, logger: logger)
    }

    package func run() async throws {
        try? await gracefulShutdown()
        await connections.shutdown()
    }
}
