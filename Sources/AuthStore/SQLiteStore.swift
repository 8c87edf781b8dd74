// SPDX-License-Identifier: Apache-2.0
public import AuthFlows
public import AuthSignals
public import Foundation
public import GRDB
public import Logging

/// Accounts, sessions, the outbox and the mail queue in one SQLite file.
///
/// ```swift
/// let store = try SQLiteStore(path: "auth.sqlite", keys: keys, codec: codec)
/// try await store.migrate()
/// ```
///
/// Commits are durable (`synchronous=FULL`) and serialised: the order of the outbox is the order of commits.
/// Several processes may use one file on one host; a file on a network file system may not be shared.
public final class SQLiteStore: Sendable {
    /// Where rows are: the store's own pool, or the application's.
    public let database: any DatabaseWriter
    /// How long settled rows of the outbox are kept; nothing keeps none.
    public let retention: Duration
    let keys: KeyRing
    /// Writes the signals that are emitted.
    public let codec: SignalCodec
    let clock: any WallClock
    let logger: Logger
    let receivers: InProcessReceivers
    let bells: StoreWakeUps
    let commits: CommitObserver
    /// The file; nil for a store in memory.
    let file: String?
    let watch: StoreFileWatch?
    let relayRole: ExclusiveRole
    let mailRole: ExclusiveRole

    /// `OUTBOX_RETENTION`'s default: a week.
    public static let defaultRetention = Duration.seconds(604_800)

    /// Opens a store, and makes its file, readable by its owner only, where there is none. Its schema is
    /// brought up to date by ``migrate()``.
    ///
    /// - Parameters:
    ///   - keys: seal what is pending in sessions, and queued mails.
    ///   - codec: writes the signals that are emitted.
    ///   - receivers: run within this process, after the commit that emitted their signal. They cannot be
    ///     transactional (`once`): that takes an inbox.
    ///   - retention: how long settled rows of the outbox are kept; rows that no queue received at least a
    ///     day.
    /// - Throws: ``StoreError``: `unwritable`, `notADatabase`, `newerSchema`, `unsuitable`, …
    public convenience init(
        path: String, keys: KeyRing, codec: SignalCodec, receivers: SignalHandlers = SignalHandlers(),
        retention: Duration = defaultRetention, clock: any WallClock = .system,
        logger: Logger = Logger(label: "auth-store")
    ) throws {
        try self.init(
            pool: StoreFile.open(path), keys: keys, codec: codec, receivers: receivers, retention: retention,
            clock: clock, logger: logger)
    }

    /// Opens a store that exists, for an operator: nothing is made, and the mode of its files stays.
    ///
    /// - Parameter isReadOnly: whether it can be read only; no file is changed then, but for SQLite's own index of the
    ///   write-ahead log.
    /// - Throws: ``StoreError``: `missing`, or as ``init(path:keys:codec:receivers:retention:clock:logger:)``.
    public convenience init(
        existing path: String, isReadOnly: Bool, keys: KeyRing, codec: SignalCodec,
        retention: Duration = defaultRetention, clock: any WallClock = .system,
        logger: Logger = Logger(label: "auth-store")
    ) throws {
        let database: any DatabaseWriter =
            isReadOnly ? try StoreFile.reading(path) : try StoreFile.existing(path)
        try self.init(
            pool: database, keys: keys, codec: codec, retention: retention, clock: clock, logger: logger)
    }

    /// A store among an application's own tables: both commit together.
    ///
    /// `synchronous` is set to FULL on the pool's writer, for an outbox that a power cut shortens has lied.
    ///
    /// - Parameters:
    ///   - pool: GRDB's pool or queue, with foreign keys on (GRDB's default); give it a busy time-out where other
    ///     processes write to the file.
    ///   - mailPatience: how long mails may wait while no mail loop runs, in whatever process, before that is logged.
    /// - Throws: ``StoreError`` as ``init(path:keys:codec:receivers:retention:clock:logger:)``.
    public init(
        pool: any DatabaseWriter, keys: KeyRing, codec: SignalCodec,
        receivers: SignalHandlers = SignalHandlers(), retention: Duration = defaultRetention,
        clock: any WallClock = .system, mailPatience: Duration = .seconds(60),
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
        bells = StoreWakeUps(file: file, logger: logger)
        relayRole = ExclusiveRole(lockFile: file.map { $0 + ".relay.lock" })
        mailRole = ExclusiveRole(lockFile: file.map { $0 + ".mail.lock" })
        let unattendedMails = UnattendedMails(
            in: pool, role: mailRole, clock: clock, patience: mailPatience, logger: logger)
        commits = CommitObserver(
            receivers: self.receivers, wakeUps: bells, watch: watch, unattendedMails: unattendedMails)
        pool.add(transactionObserver: commits, extent: .observerLifetime)
    }

    /// A store in memory, with its schema, for tests: what it does is the same, and nothing of it is kept.
    public static func inMemory(
        keys: KeyRing = KeyRing(secret: UUID().uuidString),
        codec: SignalCodec = SignalCodec(source: "https://accounts.example.org"),
        receivers: SignalHandlers = SignalHandlers(), retention: Duration = defaultRetention,
        clock: any WallClock = .system, logger: Logger = Logger(label: "auth-store")
    ) throws -> SQLiteStore {
        let queue = try DatabaseQueue()
        try migrator.migrate(queue)
        return try SQLiteStore(
            pool: queue, keys: keys, codec: codec, receivers: receivers, retention: retention, clock: clock,
            logger: logger)
    }
}
