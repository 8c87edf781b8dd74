// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthPostgres
public import AuthSignals
public import AuthStore
import Foundation
public import Logging

/// Accounts, sessions, the outbox and the mail queue in a PostgreSQL database, for any number of hosts.
///
/// ```swift
/// let pool = PostgresPool(try PostgresURL(parsing: "postgres://auth@127.0.0.1/accounts"), logger: logger)
/// let store = try PostgresStore(pool: pool, keys: keys, codec: codec)
/// try await store.migrate()
/// ```
///
/// Transactions run at the same time. What a transaction reads by a key is locked until it ends, so that a flow never
/// decides on a row that another transaction changes meanwhile.
///
/// Signals are written without a number, as the last rows of their transaction. The holder of the relay lease numbers
/// them, so that committing does not wait for other commits and the numbers still follow them.
public final class PostgresStore: Sendable {
    /// The connections. An application may share them.
    public let pool: PostgresPool
    /// Where leases are held.
    let leaseURL: PostgresURL
    /// How long settled rows of the outbox are kept; zero keeps none.
    public let retention: Duration
    /// Encodes the emitted signals.
    public let codec: SignalCodec
    /// The time of emitted signals, of sessions and of retries.
    public let clock: any WallClock
    let keys: KeyRing
    let logger: Logger
    let receivers: InProcessReceivers
    let storeWakeUps: PostgresWakeUps
    let relayLease: RelayLeaseHolder
    let unattendedMails: UnattendedMails

    /// Opens a store. Call ``migrate()`` to create its tables or to bring them up to date. They are created in the first
    /// schema of the connections' `search_path`, and their names begin with `auth_`.
    ///
    /// - Parameters:
    ///   - pool: the connections; an application may use them, too.
    ///   - leaseURL: where leases are held, if not at the pool's URL. It must lead to the server itself, without a
    ///     proxy that shares connections, since a lease is a lock of its connection.
    ///   - keys: encrypt the pending state of sessions, and queued mails; the same on every host.
    ///   - codec: encodes the emitted signals.
    ///   - receivers: run within this process, after the commit that emitted their signal. Their signals have no
    ///     sequence number. They cannot be transactional (`once`): that requires an inbox.
    ///   - retention: how long settled rows of the outbox are kept; unrouted rows at least a day.
    ///   - clock: the time; tests pass a clock that they set.
    ///   - mailWarningDelay: how long mails may be pending while no process runs a mail loop, before that is logged.
    ///   - logger: receives the log lines.
    /// - Throws: `StoreError` with code `unsuitable` for a transactional receiver.
    public init(
        pool: PostgresPool, leaseURL: PostgresURL? = nil, keys: KeyRing, codec: SignalCodec,
        receivers: SignalHandlers = SignalHandlers(),
        retention: Duration = StoreSettings.defaultRetention, clock: any WallClock = .system,
        mailWarningDelay: Duration = .seconds(60), logger: Logger = Logger(label: "auth-store")
    ) throws(StoreError) {
        self.pool = pool
        self.leaseURL = leaseURL ?? pool.url
        self.keys = keys
        self.codec = codec
        self.retention = retention
        self.clock = clock
        self.logger = logger
        self.receivers = try InProcessReceivers(receivers, codec: codec, logger: logger)
        relayLease = RelayLeaseHolder(pool: pool, url: leaseURL ?? pool.url, logger: logger)
        storeWakeUps = PostgresWakeUps(pool: pool, relayLease: relayLease, logger: logger)
        unattendedMails = UnattendedMails(
            in: pool, clock: clock, warningDelay: mailWarningDelay, logger: logger)
    }

    /// Returns when the in-process receivers have handled all signals that this process has committed so far.
    public func receiversFinished() async { await receivers.finished() }
}
