// SPDX-License-Identifier: Apache-2.0
public import AuthBroker
public import AuthFlows
public import AuthMail
public import AuthRelay
import AuthSignals
public import AuthStore
public import Logging
public import ServiceLifecycle

/// The background services of an application: they publish signals, send mails, and prune sessions and history.
///
/// ```swift
/// let services = try AuthServices(
///     store: store, accounts: accounts, broker: broker, mail: mail, logger: logger)
/// let group = ServiceGroup(services: services.all, gracefulShutdownSignals: [.sigterm], logger: logger)
/// try await group.run()
/// ```
///
/// Each part may run in another process instead, on the same store: `auth-signals relay` and `auth-signals mail run`.
/// One process at a time holds the relay lease, and one the mail lease; the others wait until a lease is free.
public struct AuthServices: Sendable {
    /// Prunes sessions, history and the rate limiter's attempts.
    public let housekeeping: StoreHousekeeping
    /// The connection to the broker; nil if another process publishes.
    public let publisher: BrokerPublisher?
    /// Publishes the outbox; nil if another process does.
    public let relay: SignalRelay?
    /// Sends mails; nil if another process does.
    public let mailLoop: MailLoop?

    /// - Parameters:
    ///   - store: the store.
    ///   - accounts: the account flows that this process serves; nil if it serves none.
    ///   - limiter: the rate limiter of `accounts`, if it keeps attempts in a database.
    ///   - broker: the broker that signals are published to; nil if another process publishes them.
    ///   - relaying: the relay's settings.
    ///   - mail: how mails are sent; nil if another process sends them.
    ///   - logger: receives the log lines.
    /// - Throws: `MailError` if the templates cannot be read.
    public init(
        store: any OperatedStore, accounts: Accounts? = nil, limiter: (any SweepingRateLimiter)? = nil,
        broker: BrokerSettings?, relaying: RelaySettings = RelaySettings(),
        mail: MailSettings?, logger: Logger
    ) throws {
        let housekeeping = StoreHousekeeping(
            store, limiter: limiter, sessions: accounts?.sessions, logger: logger)
        let publisher = broker.map { BrokerPublisher($0, logger: logger) }
        let relay = publisher.map {
            SignalRelay(from: store, to: $0, codec: store.codec, settings: relaying, logger: logger)
        }
        let mailLoop = try mail.map {
            MailLoop(
                queue: store, transport: $0.transport(logger: logger), renderer: try MailRenderer($0),
                logger: logger)
        }
        self.init(housekeeping: housekeeping, publisher: publisher, relay: relay, mailLoop: mailLoop)
    }

    /// Combines services that were created one by one.
    public init(
        housekeeping: StoreHousekeeping, publisher: BrokerPublisher?, relay: SignalRelay?, mailLoop: MailLoop?
    ) {
        self.housekeeping = housekeeping
        self.publisher = publisher
        self.relay = relay
        self.mailLoop = mailLoop
    }

    /// The services in the order in which to pass them to a `ServiceGroup`. The group shuts down the last one first,
    /// and the relay needs the publisher until it has finished. An application adds its server after them.
    public var all: [any Service] {
        let services: [(any Service)?] = [housekeeping, publisher, relay, mailLoop]
        return services.compactMap(\.self)
    }
}
