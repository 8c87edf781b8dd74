// SPDX-License-Identifier: Apache-2.0

/// Where the store is and how long it keeps settled rows.
public struct StoreSettings: Hashable, Sendable {
    /// `STORE_URL`.
    public var url = StoreURL.sqlite(path: "./auth.sqlite")
    /// `STORE_CONNECTIONS`: how many connections a process opens to a PostgreSQL server, 1 to 1000. One more is opened
    /// for each lease that the process waits for or holds.
    public var connections = 10
    /// `STORE_LEASE_URL`: where leases are held; nil: at ``url``. It must lead to the server itself, without a proxy that
    /// shares connections, since a lease is a lock of its connection.
    public var leaseURL: StoreURL?
    /// `OUTBOX_RETENTION`: how long settled rows of the outbox are kept; zero keeps none, except unrouted ones, which are
    /// kept for at least a day.
    public var outboxRetention = StoreSettings.defaultRetention

    /// `OUTBOX_RETENTION`'s default: a week.
    public static let defaultRetention = Duration.seconds(604_800)

    /// The defaults: the SQLite file `auth.sqlite` in the working directory, and a history of a week.
    public init() {}
}
