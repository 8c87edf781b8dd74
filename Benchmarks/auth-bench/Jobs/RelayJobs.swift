// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthRelay
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import Logging

/// The jobs of the outbox.
enum RelayJobs {
    static let keys = KeyRing(secret: "a secret that only the benchmark knows")

    static func store(_ job: Job) async throws -> any OperatedStore {
        let store: any OperatedStore
        if job.storeURL.isEmpty {
            let sqlite = try SQLiteStore(
                path: job.outboxPath, keys: keys, codec: Measured.codec, logger: .silent)
            if job.sharedCommits > 0 { sqlite.limitSharedCommits(to: job.sharedCommits) }
            store = sqlite
        } else {
            let pool = PostgresPool(
                try PostgresURL(parsing: job.storeURL), connections: job.connections, logger: .silent)
            store = try PostgresStore(pool: pool, keys: keys, codec: Measured.codec, logger: .silent)
        }
        try await store.migrate()
        return store
    }

    static func fill(_ job: Job) async throws -> Outcome {
        let store = try await store(job)
        let step = 1000
        for first in stride(from: 0, to: job.count, by: step) {
            let signals = try (first..<min(first + step, job.count)).map { try Measured.sized(number: $0) }
            try await store.transaction { transaction in
                for signal in signals { try transaction.emit(signal) }
            }
        }
        return Outcome()
    }

    static func relay(_ job: Job) async throws -> Outcome {
        let store = try await store(job)
        let publisher = BrokerPublisher(try job.broker(), logger: .silent)
        let meter = Meter(target: job.count)
        let relay = SignalRelay(
            from: CountingOutbox(outbox: store, meter: meter), to: publisher, codec: Measured.codec,
            logger: .silent)
        try await Running.services([publisher, relay]) {
            try await publisher.awaitReady()
            await meter.reached()
        }
        return meter.outcome
    }
}

/// An outbox that counts its confirmed rows.
private struct CountingOutbox: Outbox {
    let outbox: any Outbox
    let meter: Meter

    func acquireRelayLease() async throws -> any Lease { try await outbox.acquireRelayLease() }

    func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage {
        if cursor == 0 { meter.start() }
        return try await outbox.rows(after: cursor, limit: limit, now: now)
    }

    func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow] {
        try await outbox.dueRows(upTo: cursor, limit: limit, now: now)
    }

    func rows(ofSubject subject: String, after sequence: Int64, limit: Int) async throws -> [OutboxRow] {
        try await outbox.rows(ofSubject: subject, after: sequence, limit: limit)
    }

    /// A row counts when it is settled, not when it is published.
    func settle(_ settlements: [OutboxSettlement]) async throws {
        try await outbox.settle(settlements)
        meter.count(settlements.count { $0.result == .confirmed })
    }

    func wakeUps() -> AsyncStream<Void> { outbox.wakeUps() }
    func status() async throws -> OutboxStatus { try await outbox.status() }
}
