// SPDX-License-Identifier: Apache-2.0
public import AuthBroker
public import AuthFlows
public import AuthMail
public import AuthRelay
import AuthSignals
public import AuthStore
public import Logging
public import ServiceLifecycle

/// Everything that has to run beside an application's requests: it publishes signals, sends mails, and prunes sessions
/// and history.
///
/// ```swift
/// let services = try AuthServices(
///     store: store, accounts: accounts, broker: broker, mail: mail, logger: logger)
/// let group = ServiceGroup(services: services.all, gracefulShutdownSignals: [.sigterm], logger: logger)
/// try await group.run()
/// ```
///
/// Each part may run in another process instead, on the same store: `auth-signals relay` and `auth-signals mail run`.
/// One process at a time has the relay's part, and one the mail loop's; the others wait for their turn.
public struct AuthServices: Sendable {
    /// Prunes sessions, history and counted attempts.
    public let housekeeping: StoreHousekeeping
    /// The connection to the broker; nil if another process publishes.
    public let publisher: BrokerPublisher?
    /// Publishes the outbox; nil if another process does.
    public let relay: SignalRelay?
    /// Sends mails; nil if another process does.
    public let mailLoop: MailLoop?

    /// - Parameters:
    ///   - accounts: what requests are answered with; nil if this process answers none.
    ///   - limiter: of the accounts, if it is SQLite's.
    ///   - broker: where signals are published; nil leaves them to another process.
    ///   - mail: how mails are sent; nil leaves them to another process.
    /// - Throws: `MailError` if the templates cannot be read.
    public init(
        store: SQLiteStore, accounts: Accounts? = nil, limiter: SQLiteRateLimiter? = nil,
        broker: BrokerConfiguration?, relaying: RelayConfiguration = RelayConfiguration(),
        mail: MailConfiguration?, logger: Logger
    ) throws {
        let housekeeping = StoreHousekeeping(
            store, limiter: limiter, sessions: accounts?.sessions, logger: logger)
        let publisher = broker.map { BrokerPublisher($0, logger: logger) }
        let relay = publisher.map {
            SignalRelay(from: store, to: $0, codec: store.codec, configuration: relaying, logger: logger)
        }
        let mailLoop = try mail.map {
            MailLoop(
                queue: store, transport: $0.transport(logger: logger), renderer: try MailRenderer($0),
                logger: logger)
        }
        self.init(housekeeping: housekeeping, publisher: publisher, relay: relay, mailLoop: mailLoop)
    }

    /// Parts that were made one by one.
    public init(
        housekeeping: StoreHousekeeping, publisher: BrokerPublisher?, relay: SignalRelay?, mailLoop: MailLoop?
    ) {
        self.housekeeping = housekeeping
        self.publisher = publisher
        self.relay = relay
        self.mailLoop = mailLoop
    }

    /// The services in the order in which a `ServiceGroup` takes them: it ends the last one first, and the relay needs
    /// the publisher to finish. An application's server comes after them.
    public var all: [any Service] {
        let services: [(any Service)?] = [housekeeping, publisher, relay, mailLoop]
        return services.compactMap(\.self)
    }
}
