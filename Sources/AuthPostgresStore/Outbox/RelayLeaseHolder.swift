// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthSignals
import Logging
import Synchronization

/// The relay lease of this process: a session advisory lock, and the connection that holds it.
///
/// While the lease is held, rows are numbered and settled on that connection. This is the fence: a relay that has lost
/// its session can do neither, whatever it believes. What it still publishes are duplicates in ascending order.
final class RelayLeaseHolder: Sendable {
    /// The connection of a held lease, and what is known about the outbox as long as it lasts.
    final class Session: Sendable {
        let lease: PostgresLease
        let floor = Mutex(OutboxFloor())
        /// The highest number that was read.
        let lastRead = Mutex(Int64(0))
        /// Whether the last read has numbered rows, so that there are probably more.
        let hasNumbered = Mutex(false)

        init(_ lease: PostgresLease) { self.lease = lease }
    }

    private let pool: PostgresPool
    private let url: PostgresURL
    private let logger: Logger
    private let current = Mutex<Session?>(nil)

    /// - Parameter url: where the lease is held.
    init(pool: PostgresPool, url: PostgresURL, logger: Logger) {
        self.pool = pool
        self.url = url
        self.logger = logger
    }

    /// The session of the held lease, also after it was lost; nil if this process has not acquired the lease, or has
    /// released it.
    var session: Session? { current.withLock { $0 } }

    /// Waits until no other process holds the lease, and takes it.
    func acquire() async throws -> any Lease {
        let session = Session(
            try await PostgresLease.acquire(.relay, at: url, timeouts: pool.timeouts, logger: logger))
        current.withLock { $0 = session }
        return HeldRelayLease(session, holder: self)
    }

    fileprivate func release(_ session: Session) {
        current.withLock { current in
            if current === session { current = nil }
        }
        session.lease.release()
    }
}

/// The lease as its holder sees it; it is released when this is deallocated.
private final class HeldRelayLease: Lease {
    private let session: RelayLeaseHolder.Session
    private let holder: RelayLeaseHolder

    init(_ session: RelayLeaseHolder.Session, holder: RelayLeaseHolder) {
        self.session = session
        self.holder = holder
    }

    deinit { release() }

    func release() { holder.release(session) }

    func lost() async { await session.lease.lost() }
}

extension PostgresLock {
    // Number 1 of `auth_outbox` is the lock of the numbering.
    static let relay = PostgresLock(table: "auth_outbox", number: 2)
    static let mail = PostgresLock(table: "auth_mail", number: 1)
}
