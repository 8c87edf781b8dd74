// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthStore
import Logging
import Synchronization

/// Wakes loops when new rows exist: immediately for commits of this process; for commits of others within 50 ms, or 10
/// ms while polls keep finding them (``PollPace``), and within a second for mails. Polls only while a loop listens.
///
/// NOTIFY in each transaction would be faster, and make all commits wait for each other: PostgreSQL takes a lock on the
/// whole database for it, until the commit is on disk.
final class PostgresWakeUps: Sendable {
    let outbox: WakeUp
    let mail: WakeUp

    init(pool: PostgresPool, relayLease: RelayLeaseHolder, logger: Logger) {
        let rows = CommitPoller(
            OutboxProbe(pool: pool, relayLease: relayLease),
            PollPace(long: .milliseconds(50), short: .milliseconds(10)), logger: logger)
        let mails = CommitPoller(
            MailProbe(pool: pool), PollPace(long: .seconds(1), short: .seconds(1)), logger: logger)
        outbox = WakeUp(listening: { rows.retain() }, ending: { rows.release() })
        mail = WakeUp(listening: { mails.retain() }, ending: { mails.release() })
        rows.onFound(wakes: { [weak outbox] in outbox?.count ?? 0 }) { [weak outbox] in outbox?.wake() }
        mails.onFound(wakes: { [weak mail] in mail?.count ?? 0 }) { [weak mail] in mail?.wake() }
    }
}

/// Whether there is something new in the database.
private protocol CommitProbe: Sendable {
    /// What was found, to compare it with the next time.
    associatedtype State: Sendable

    /// - Parameter last: nil the first time.
    func look(_ last: State?) async throws -> (state: State, isNew: Bool)
}

/// Rows without a number, and numbers that another process has assigned and this one has not read.
private struct OutboxProbe: CommitProbe {
    let pool: PostgresPool
    let relayLease: RelayLeaseHolder

    func look(_ last: Int64?) async throws -> (state: Int64, isNew: Bool) {
        let session = relayLease.session
        let floor = session?.floor.withLock { $0.id } ?? 0
        let probe: @Sendable (PostgresConnection) throws -> (Int64, Bool) = { connection in
            guard let row = try connection.query(.probeOutbox, [.int(floor)]).first else { return (0, false) }
            return (try row.int(0), try row.bool(1))
        }
        let (number, hasUnnumbered) =
            if let session { try await session.lease.run(probe) } else { try await pool.run(probe) }
        let known = max(last ?? -1, session?.lastRead.withLock { $0 } ?? 0)
        return (number, hasUnnumbered || number > known)
    }
}

/// Mails that were queued, or became due earlier because an operator retries them.
private struct MailProbe: CommitProbe {
    struct State: Sendable {
        var position: Int64?
        var due: Int64?
    }

    let pool: PostgresPool

    func look(_ last: State?) async throws -> (state: State, isNew: Bool) {
        let found = try await pool.run { connection in
            guard let row = try connection.query(.probeMails).first else { return State() }
            return State(position: try row.optionalInt(0), due: try row.optionalInt(1))
        }
        // The first result counts as new: something may have been queued before it.
        //
        // Positions of mails that were delivered are not seen any more, so the highest one is remembered.
        let position = [found.position, last?.position].compactMap(\.self).max()
        let isLater = (found.position ?? .min) > (last?.position ?? .min)
        let isEarlier = (found.due ?? .max) < (last?.due ?? .max)
        return (State(position: position, due: found.due), last == nil || isLater || isEarlier)
    }
}

/// Polls while a loop listens, on connections that exist anyway.
private final class CommitPoller<Probe: CommitProbe>: Sendable {
    private struct State {
        var listeners = 0
        var task: Task<Void, Never>?
        var handler: (@Sendable () -> Void)?
        var wakes: @Sendable () -> Int = { 0 }
    }

    private let state = Mutex(State())
    private let probe: Probe
    private let pace: PollPace
    private let logger: Logger

    init(_ probe: Probe, _ pace: PollPace, logger: Logger) {
        self.probe = probe
        self.pace = pace
        self.logger = logger
    }

    /// - Parameters:
    ///   - wakes: how often the loop was woken, by the handler and by commits of this process.
    ///   - handler: wakes the loop.
    func onFound(wakes: @escaping @Sendable () -> Int, _ handler: @escaping @Sendable () -> Void) {
        state.withLock { ($0.wakes, $0.handler) = (wakes, handler) }
    }

    func retain() {
        state.withLock { state in
            state.listeners += 1
            guard state.task == nil, let handler = state.handler else { return }
            state.task = Task.detached { [probe, pace, logger, wakes = state.wakes] in
                await Self.poll(probe, pace, logger: logger, wakes, handler)
            }
        }
    }

    func release() {
        state.withLock { state in
            state.listeners -= 1
            guard state.listeners == 0 else { return }
            state.task?.cancel()
            state.task = nil
        }
    }

    private static func poll(
        _ probe: Probe, _ pace: PollPace, logger: Logger, _ wakes: @Sendable () -> Int,
        _ handler: @Sendable () -> Void
    ) async {
        var last: Probe.State?
        var pace = pace
        var pause = pace.pause(hasFound: false, wakes: wakes())
        while (try? await Task.sleep(for: pause)) != nil {
            do {
                let (state, isNew) = try await probe.look(last)
                pause = pace.pause(hasFound: isNew, wakes: wakes())
                if isNew { handler() }
                last = state
            } catch {
                logger.debug("polling for commits failed", metadata: ["error": "\(error)"])
            }
        }
    }
}

extension PostgresStatement {
    /// The highest number, and whether rows without a number exist above an id.
    static let probeOutbox: PostgresStatement = """
        SELECT last_sequence, EXISTS (SELECT FROM auth_outbox WHERE sequence IS NULL AND id > $1)
        FROM auth_outbox_count
        """

    fileprivate static let probeMails: PostgresStatement = """
        SELECT (SELECT max(position) FROM auth_mail), (SELECT min(due_at) FROM auth_mail WHERE failed_at IS NULL)
        """
}
