// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import PostgresSupport
import Testing

/// What the operator's calls and the housekeeping do in PostgreSQL only; the rest is in `OperatedStoreConformance`.
@Suite("Outbox upkeep", .needsPostgres) struct OutboxUpkeepTests {
    private static let everything = OutboxFilter(Set(OutboxRecord.State.allCases))

    @Test func `erasing rows that have no number yet keeps their numbers accounted for`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            for number in 1...5 { try await store.emit(number, of: number < 4 ? "ada" : "bob") }
            #expect(try await store.erase(subject: "ada").pending == 3)
            #expect(try await store.verifyOutbox().faults == [])
            #expect(try await store.status().emitted == 5)
            #expect(try await store.status().erased == 3)
            #expect(try await store.pending().map(\.sequence) == [4, 5])
            #expect(try await store.verifyOutbox().faults == [])
        }
    }

    @Test func `an operator sees signals that no relay has numbered yet`() async throws {
        try await OutboxWorld.run { world in
            for number in 1...3 { try await world.store.emit(number) }
            let records = try await world.another().outboxRecords(Self.everything)
            #expect(records.map(\.row.sequence) == [1, 2, 3])
            #expect(records.allSatisfy { $0.state == .pending })
        }
    }

    @Test func `settling, erasing, republishing and purging at the same time lose and double no row`()
        async throws
    {
        try await OutboxWorld.run { world in
            let (relay, operators) = (world.store, [try world.another(), try world.another()])
            for number in 1...200 { try await relay.emit(number, of: "user-\(number % 10)") }
            let sequences = try await relay.pending().map(\.sequence)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for start in stride(from: 0, to: sequences.count, by: 20) {
                        let part = Array(sequences[start..<min(start + 20, sequences.count)])
                        try await relay.settle(
                            start.isMultiple(of: 40) ? .confirmed : .parked(reason: "no"), part)
                        try await relay.settle(.unrouted, part)
                    }
                }
                for (index, store) in operators.enumerated() {
                    group.addTask {
                        for round in 0..<5 {
                            _ = try await store.republish(OutboxFilter([.confirmed, .parked]))
                            _ = try await store.erase(subject: "user-\(2 * round + index)")
                            _ = try await store.purge(
                                OutboxFilter([.confirmed]), settledBefore: .distantFuture)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await relay.verifyOutbox().faults == [])
        }
    }

    @Test func `a restored store continues above all numbers that it may have assigned`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            for number in 1...3 { try await store.emit(number) }
            #expect(try await store.pending().count == 3)
            try await store.emit(4)
            let start = try await store.continueAfterRestore()
            #expect(start > 1_700_000_000_000_000)
            #expect(try await store.pending().map(\.sequence) == [1, 2, 3, start + 1])
            let status = try await store.status()
            #expect(status.emitted == 4)
            #expect(status.restoredAt != nil)
            #expect(try await store.continueAfterRestore() >= start)
            #expect(try await store.verifyOutbox().faults == [])
        }
    }

    @Test func `verification finds numbers that were never assigned`() async throws {
        try await OutboxWorld.run { world in
            for number in 1...3 { try await world.store.emit(number) }
            _ = try await world.store.pending()
            try await world.schema.psql("UPDATE auth_outbox_count SET last_sequence = 2")
            let faults = try await world.store.verifyOutbox().faults
            #expect(faults.contains("numbers that were not assigned: 1"))
        }
    }

    @Test func `while one host deletes old rows, another one does not`() async throws {
        let clock = FixedClock()
        try await OutboxWorld.run(clock: clock) { world in
            let (store, time) = (world.store, clock.now())
            try await store.transaction { (transaction: PostgresTransaction) in
                try transaction.insert(
                    Session(
                        id: .version7(), tokenHash: SessionToken.random().hash, userID: nil, client: .app,
                        createdAt: time, expiresAt: time + 10, lastSeenAt: time, ip: nil, userAgent: nil))
            }
            try await store.emit()
            try await store.settle(.confirmed, try await store.pending().map(\.sequence))
            clock.advance(by: .seconds(20))
            let other = try await OpenTransaction(on: try world.pool()) { connection in
                try connection.query(
                    "SELECT pg_advisory_xact_lock('auth_housekeeping'::regclass::oid::int, 1)")
            }
            #expect(try await store.purgeExpiredSessions() == 0)
            #expect(try await store.purgeHistory(before: clock.now()) == 0)
            try await other.end()
            #expect(try await store.purgeExpiredSessions() == 1)
            #expect(try await store.purgeHistory(before: clock.now()) == 1)
            #expect(try await store.verifyOutbox().faults == [])
        }
    }

    @Test func `a reason with bytes that PostgreSQL cannot store is kept without them`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            for number in 1...2 { try await store.emit(number) }
            _ = try await store.pending()
            try await store.settle(.parked(reason: "406 \0 refused"), [1])
            try await store.settle(.retry(at: .distantPast, reason: "\0"), [2])
            let records = try await store.outboxRecords(Self.everything)
            #expect(records.map(\.reason) == ["406 \u{FFFD} refused", "\u{FFFD}"])
        }
    }
}
