// SPDX-License-Identifier: Apache-2.0
public import AuthStore
public import AuthFlows
public import AuthSignals
public import Foundation
public import GRDB
public import Logging
import SQLiteSupport

/// Accounts, sessions, the outbox and the mail queue in one SQLite file.
///
/// ```swift
/// let store = try SQLiteStore(path: "auth.sqlite", keys: keys, codec: codec)
/// try await store.migrate()
/// ```
///
/// Commits are durable (`synchronous=FULL`) and serialised: the order of the outbox is the order of commits.
/// Concurrent transactions of one process are committed together, with one disk sync; a single one is not delayed.
/// Several processes on one host may share a file; a file on a network file system must not be shared.
public final class SQLiteStore: Sendable {
    /// The store's own connection pool, or the application's.
    public let database: any DatabaseWriter
    /// How long settled rows of the outbox are kept; zero keeps none.
    public let retention: Duration
    let keys: KeyRing
    /// Encodes the emitted signals.
    public let codec: SignalCodec
    public let clock: any WallClock
    let logger: Logger
    let receivers: InProcessReceivers
    let storeWakeUps: StoreWakeUps
    let commits: CommitObserver
    let writes: GroupCommit<StoreWrite, Void>
    /// The file; nil for a store in memory.
    let file: String?
    let watch: StoreFileWatch?
    let relayLease: FileLock
    let mailLease: FileLock
    let lookups: GroupCommit<Data, SessionHolder?>

    /// Opens a store, or creates its file, readable by its owner only. Call ``migrate()`` to bring its schema up to
    /// date.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - keys: encrypt the pending state of sessions, and queued mails.
    ///   - codec: encodes the emitted signals.
    ///   - receivers: run within this process, after the commit that emitted their signal. They cannot be
    ///     transactional (`once`): that requires an inbox.
    ///   - retention: how long settled rows of the outbox are kept; unrouted rows at least a day.
    ///   - clock: the time; tests pass a clock that they set.
    ///   - logger: receives the log lines.
    /// - Throws: `StoreError`: `unwritable`, `notADatabase`, `newerSchema`, `unsuitable`, …
    public convenience init(
        path: String, keys: KeyRing, codec: SignalCodec, receivers: SignalHandlers = SignalHandlers(),
        retention: Duration = StoreSettings.defaultRetention, clock: any WallClock = .system,
        logger: Logger = Logger(label: "auth-store")
    ) throws {
        try self.init(
            pool: StoreFile.open(path), keys: keys, codec: codec, receivers: receivers, retention: retention,
            clock: clock, logger: logger)
    }

    /// Opens an existing store, for an operator: no file is created, and the mode of its files is not changed.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - isReadOnly: whether the store is opened read-only; then no file is changed except SQLite's own index of
    ///     the write-ahead log.
    ///   - keys: encrypt the pending state of sessions, and queued mails.
    ///   - codec: encodes the emitted signals.
    ///   - retention: how long settled rows of the outbox are kept.
    ///   - clock: the time; tests pass a clock that they set.
    ///   - logger: receives the log lines.
    /// - Throws: `StoreError`: `missing`, or as ``init(path:keys:codec:receivers:retention:clock:logger:)``.
    public convenience init(
        existing path: String, isReadOnly: Bool, keys: KeyRing, codec: SignalCodec,
        retention: Duration = StoreSettings.defaultRetention, clock: any WallClock = .system,
        logger: Logger = Logger(label: "auth-store")
    ) throws {
        let database: any DatabaseWriter =
            isReadOnly ? try StoreFile.reading(path) : try StoreFile.existing(path)
        try self.init(
            pool: database, keys: keys, codec: codec, retention: retention, clock: clock, logger: logger)
    }

    /// A store within an application's own database: both commit together.
    ///
    /// `synchronous` is set to FULL on the pool's writer, because losing committed outbox rows on power loss breaks the
    /// delivery guarantee.
    ///
    /// - Parameters:
    ///   - pool: GRDB's pool or queue, with foreign keys on (GRDB's default); set a busy time-out if other processes
    ///     write to the file.
    ///   - keys: encrypt the pending state of sessions, and queued mails.
    ///   - codec: encodes the emitted signals.
    ///   - receivers: run within this process, after the commit that emitted their signal.
    ///   - retention: how long settled rows of the outbox are kept.
    ///   - clock: the time; tests pass a clock that they set.
    ///   - mailWarningDelay: how long mails may be pending while no process runs a mail loop, before that is logged.
    ///   - logger: receives the log lines.
    /// - Throws: `StoreError` as ``init(path:keys:codec:receivers:retention:clock:logger:)``.
    public init(
        pool: any DatabaseWriter, keys: KeyRing, codec: SignalCodec,
        receivers: SignalHandlers = SignalHandlers(), retention: Duration = StoreSettings.defaultRetention,
        clock: any WallClock = .system, mailWarningDelay: Duration = .seconds(60),
        logger: Logger = Logger(label: "auth-store")
    ) throws {
        file = try StoreFile.check(pool)
        database = pool
        self.keys = keys
        self.codec = codec
        self.retention = retention
        self.clock = clock
        self.logger = logger
        self.receivers = try InProcessReceivers(receivers, codec: codec, logger: logger)
        watch = StoreFileWatch(file)
        storeWakeUps = StoreWakeUps(file: file, logger: logger)
        relayLease = FileLock(lockFile: file.map { $0 + ".relay.lock" })
        mailLease = FileLock(lockFile: file.map { $0 + ".mail.lock" })
        lookups = Self.lookups(in: pool, SealedSessions(keys: keys, logger: logger), keys)
        let unattendedMails = UnattendedMails(
            in: pool, lease: mailLease, clock: clock, warningDelay: mailWarningDelay, logger: logger)
        commits = CommitObserver(
            receivers: self.receivers, wakeUps: storeWakeUps, watch: watch, unattendedMails: unattendedMails)
        pool.add(transactionObserver: commits, extent: .observerLifetime)
        writes = GroupCommit(largest: StoreWrite.largestGroup) { [commits] in
            await pool.commit(
                $0, willBegin: { commits.transactionWillBegin() }, didEnd: { commits.transactionsDidEnd() },
                commits: { commits.count })
        }
    }

    /// A store in memory, with its schema, for tests: it behaves like a store in a file, but nothing is persisted.
    public static func inMemory(
        keys: KeyRing = KeyRing(secret: UUID().uuidString),
        codec: SignalCodec = SignalCodec(source: "https://accounts.example.org"),
        receivers: SignalHandlers = SignalHandlers(), retention: Duration = StoreSettings.defaultRetention,
        clock: any WallClock = .system, logger: Logger = Logger(label: "auth-store")
    ) throws -> SQLiteStore {
        let queue = try DatabaseQueue()
        try migrator.migrate(queue)
        return try SQLiteStore(
            pool: queue, keys: keys, codec: codec, receivers: receivers, retention: retention, clock: clock,
            logger: logger)
    }
}
