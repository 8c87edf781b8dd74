// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Logging
import PostgresSupport

/// A store that is opened while a test begins, so that a ``World`` can be made without waiting.
final class DeferredStore: OperatedStore {
    let retention = Duration.seconds(604_800)
    let codec: SignalCodec
    let clock: any WallClock
    private let opening: Task<any OperatedStore, any Error>
    private let pool = Locked<PostgresPool?>(nil)

    /// A store in a schema of its own of the shared server.
    init(keys: KeyRing, clock: any WallClock) {
        let codec = SignalCodec(source: "https://accounts.example.org")
        self.codec = codec
        self.clock = clock
        opening = Task { [pool] in
            let schema = try await PrivatePostgres.shared.schema()
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let opened = PostgresPool(
                try PostgresURL(parsing: schema.url), connections: 4, queue: 10_000,
                patience: .seconds(60), logger: logger)
            pool.change { $0 = opened }
            let store = try PostgresStore(
                pool: opened, keys: keys, codec: codec, clock: clock, logger: logger)
            try await store.migrate()
            return store
        }
    }

    deinit { Task { [pool] in await pool.value?.close() } }

    private var store: any OperatedStore { get async throws { try await opening.value } }

    func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        try await store.transaction(body)
    }
    func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R {
        try await store.read(body)
    }

    func acquireRelayLease() async throws -> any Lease { try await store.acquireRelayLease() }
    func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage {
        try await store.rows(after: cursor, limit: limit, now: now)
    }
    func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow] {
        try await store.dueRows(upTo: cursor, limit: limit, now: now)
    }
    func rows(ofSubject subject: String, after sequence: Int64, limit: Int) async throws -> [OutboxRow] {
        try await store.rows(ofSubject: subject, after: sequence, limit: limit)
    }
    func settle(_ settlements: [OutboxSettlement]) async throws { try await store.settle(settlements) }
    func status() async throws -> OutboxStatus { try await store.status() }
    func pausedSince() async throws -> Date? { try await store.pausedSince() }
    /// Flows do not wait for wake-ups.
    func wakeUps() -> AsyncStream<Void> { AsyncStream { $0.finish() } }

    func acquireMailLease() async throws -> any Lease { try await store.acquireMailLease() }
    func dueMails(limit: Int, now: Date) async throws -> [QueuedMail] {
        try await store.dueMails(limit: limit, now: now)
    }
    func accepted(_ mail: QueuedMail) async throws { try await store.accepted(mail) }
    func failed(_ mail: QueuedMail, reason: String, retryAt: Date?) async throws {
        try await store.failed(mail, reason: reason, retryAt: retryAt)
    }
    func nextMailDue() async throws -> Date? { try await store.nextMailDue() }
    func mailStatus() async throws -> MailStatus { try await store.mailStatus() }
    func mailWakeUps() -> AsyncStream<Void> { AsyncStream { $0.finish() } }

    func migrate() async throws { try await store.migrate() }
    func checkSchema() async throws { try await store.checkSchema() }
    func checkReachable() async throws { try await store.checkReachable() }
    func recordSpace() {}
    func receiversFinished() async { try? await store.receiversFinished() }
    func users(after id: User.ID?, joinedFrom joined: Date?, limit: Int) async throws -> UserPage {
        try await store.users(after: id, joinedFrom: joined, limit: limit)
    }
    func duplicateEmails() async throws -> [DuplicateEmail] { try await store.duplicateEmails() }
    func outboxRecords(_ filter: OutboxFilter, after sequence: Int64, limit: Int) async throws
        -> [OutboxRecord]
    {
        try await store.outboxRecords(filter, after: sequence, limit: limit)
    }
    func newestOutboxRecords(_ states: Set<OutboxRecord.State>, before sequence: Int64, limit: Int)
        async throws
        -> [OutboxRecord]
    {
        try await store.newestOutboxRecords(states, before: sequence, limit: limit)
    }
    func outboxRecords(numbered sequences: [Int64]) async throws -> [OutboxRecord] {
        try await store.outboxRecords(numbered: sequences)
    }
    func newestParked() async throws -> OutboxRecord? { try await store.newestParked() }
    func republish(_ filter: OutboxFilter) async throws -> Int { try await store.republish(filter) }
    func purge(_ filter: OutboxFilter, settledBefore time: Date) async throws -> Int {
        try await store.purge(filter, settledBefore: time)
    }
    func verifyOutbox() async throws -> OutboxVerification { try await store.verifyOutbox() }
    func erase(subject: String) async throws -> OutboxErasure { try await store.erase(subject: subject) }
    func overwriteDeletedRows() async throws { try await store.overwriteDeletedRows() }
    func pauseOutbox() async throws -> Date { try await store.pauseOutbox() }
    func resumeOutbox() async throws { try await store.resumeOutbox() }
    func failedMails(ids: Set<UUID>?) async throws -> [FailedMail] { try await store.failedMails(ids: ids) }
    func retryMails(_ ids: [UUID]) async throws -> Int { try await store.retryMails(ids) }
    func dropMails(_ ids: [UUID]) async throws -> Int { try await store.dropMails(ids) }
    func undecryptableMailCount() async throws -> Int { try await store.undecryptableMailCount() }
    func purgeHistory(before time: Date, batch: Int) async throws -> Int {
        try await store.purgeHistory(before: time, batch: batch)
    }
    func purgeExpiredSessions(batch: Int) async throws -> Int {
        try await store.purgeExpiredSessions(batch: batch)
    }
    func permitsDeletion(process: String, period: Duration) async throws -> Bool {
        try await store.permitsDeletion(process: process, period: period)
    }
}
