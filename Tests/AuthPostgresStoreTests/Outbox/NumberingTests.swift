// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
@testable import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import PostgresSupport
import Testing

@Suite("Numbering", .needsPostgres) struct NumberingTests {
    /// Numbers that were assigned twice, and numbers up to the highest that no row has.
    private func faults(_ world: OutboxWorld) async throws -> (twice: Int64, missing: Int64) {
        (
            try await world.number("SELECT count(sequence) - count(DISTINCT sequence) FROM auth_outbox"),
            try await world.number(
                "SELECT last_sequence - (SELECT count(sequence) FROM auth_outbox) FROM auth_outbox_count")
        )
    }

    // The lock is a statement before the numbering: a statement that waited for the lock itself would have a snapshot
    // from before, and would number the rows again that the holder of the lock has numbered meanwhile.
    @Test(arguments: ["", "&isolation=serializable"])
    func `a reader that waited for another one numbers only what that one left`(_ isolation: String)
        async throws
    {
        try await OutboxWorld.run(parameters: isolation) { world in
            try await world.insertUnnumbered(20)
            let other = try await OpenTransaction(on: try world.pool()) { connection in
                connection.numberRows(above: 0, limit: 5)
            }
            let store = world.store
            async let page = store.rows(after: 0, limit: 100, now: .distantFuture)
            try await eventually("the reader waits for the lock") {
                try await world.number(
                    """
                    SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                        AND classid = 'auth_outbox'::regclass
                    """) == 1
            }
            try await other.end()
            let rows = try await page.rows
            #expect(rows.map(\.sequence) == Array(1...20))
            let faults = try await faults(world)
            #expect(faults.twice == 0)
            #expect(faults.missing == 0)
        }
    }

    @Test func `several readers at the same time assign each number once`() async throws {
        try await OutboxWorld.run { world in
            let stores = [world.store, try world.another(), try world.another()]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for store in stores {
                    group.addTask {
                        for number in 1...100 { try await store.emit(number) }
                    }
                    group.addTask {
                        for _ in 1...60 {
                            _ = try await store.rows(after: .max - 1, limit: 7, now: .distantFuture)
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await world.store.pending().map(\.sequence) == Array(1...300))
            let faults = try await faults(world)
            #expect(faults.twice == 0)
            #expect(faults.missing == 0)
            #expect(try await world.store.verifyOutbox().faults == [])
        }
    }

    @Test func `rolled-back transactions leave no gap between numbers`() async throws {
        try await OutboxWorld.run { world in
            for number in 1...10 {
                try await world.store.emit(number)
                await #expect(throws: Abandoned.self) {
                    try await world.store.transaction { (transaction: PostgresTransaction) in
                        try transaction.emit(TestSignal(number: -number))
                        // So that the insertion reaches the server.
                        try transaction.connection.flush()
                        throw Abandoned()
                    }
                }
            }
            let rows = try await world.store.pending()
            #expect(rows.map(\.sequence) == Array(1...10))
            #expect(rows.map(\.testNumber) == Array(1...10))
        }
    }

    @Test func `a transaction that stays open delays no signal of another one`() async throws {
        try await OutboxWorld.run { world in
            let open = try await OpenTransaction(on: try world.pool()) { connection in
                try world.store.joining(connection).emit(TestSignal(number: 0))
                try connection.flushLast()
            }
            for number in 1...50 { try await world.store.emit(number) }
            #expect(try await world.store.pending().map(\.testNumber) == Array(1...50))
            try await open.end()
            let rows = try await world.store.pending()
            #expect(rows.last?.testNumber == 0)
            #expect(rows.map(\.sequence) == Array(1...51))
        }
    }

    @Test func `signals of an application's transaction are inserted at its end`() async throws {
        try await OutboxWorld.run { world in
            let open = try await OpenTransaction(on: try world.pool()) { connection in
                try world.store.joining(connection).emit(TestSignal(number: 1))
            }
            try await world.store.emit(2)
            try await open.end()
            #expect(try await world.store.pending().map(\.testNumber) == [2, 1])
        }
    }

    @Test func `a batch of a long backlog is numbered without a pass over the backlog for each row`()
        async throws
    {
        try await OutboxWorld.run { world in
            for number in 1...20 { try await world.store.emit(number) }
            #expect(try await world.store.pending().count == 20)
            // The statistics of an outbox in which every row has a number.
            try await world.schema.psql("ANALYZE auth_outbox")
            let plan = try await world.schema.psql(
                """
                INSERT INTO auth_outbox (message_id, name, schema_version, time, correlation_id, data)
                    SELECT gen_random_uuid(), 'test.thing', 1, 0, gen_random_uuid(), '' FROM generate_series(1, 2000);
                BEGIN;
                EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF)
                \(PostgresStatement.numberRows.sql.replacing("$1", with: "0").replacing("$2", with: "50"));
                ROLLBACK
                """)
            // What is repeated for each row of the backlog has 2,000 loops and more.
            let loops = plan.matches(of: /loops=(\d+)/).compactMap { Int($0.1) }
            #expect(loops.max() ?? .max <= 100, "\(plan)")
        }
    }

    @Test func `rows without a number count as pending and emitted`() async throws {
        try await OutboxWorld.run(clock: FixedClock()) { world in
            let store = world.store
            for number in 1...3 { try await store.emit(number) }
            let status = try await store.status()
            #expect(status.pending == 3)
            #expect(status.emitted == 3)
            #expect(status.oldestPending == store.clock.now().wholeMilliseconds)
            #expect(try await store.verifyOutbox().faults == [])
            try await store.settle(.confirmed, [try #require(try await store.pending().first?.sequence)])
            try await store.emit(4)
            #expect(try await store.status().pending == 3)
            #expect(try await store.status().emitted == 4)
            #expect(try await store.verifyOutbox().faults == [])
        }
    }
}
