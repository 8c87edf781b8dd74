// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
@testable import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import PostgresSupport
import Synchronization
import Testing

@Suite("Outbox floor", .needsPostgres) struct OutboxFloorTests {
    /// Raises a floor as far as possible: the first time only finds the transactions to wait for.
    private func raise(_ floor: Locked<OutboxFloor>, _ pool: PostgresPool) async throws {
        for _ in 1...2 {
            try await pool.run { connection in try floor.change { try $0.raise(on: connection) } }
        }
    }

    /// How many pages the search for rows without a number reads.
    private func pages(_ world: OutboxWorld, above floor: Int64) async throws -> Int64 {
        let plan = try await world.schema.psql(
            """
            EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT id FROM auth_outbox
            WHERE sequence IS NULL AND id > \(floor) ORDER BY id LIMIT 500
            """)
        let json = try #require(plan.firstIndex(of: "["))
        let parsed = try JSONSerialization.jsonObject(with: Data(plan[json...].utf8)) as? [[String: Any]]
        let node = parsed?.first?["Plan"] as? [String: Any]
        let (hit, read) = (node?["Shared Hit Blocks"] as? Int, node?["Shared Read Blocks"] as? Int)
        return Int64(try #require(hit) + (try #require(read)))
    }

    // Without a floor the search reads the dead version of each row that was numbered since the snapshot was taken.
    @Test func `an old snapshot does not make the search for new rows long`() async throws {
        try await OutboxWorld.run { world in
            let pool = try world.pool()
            let backup = try await OpenTransaction(on: pool, isolation: .repeatableRead) { connection in
                try connection.query("SELECT count(*) FROM auth_user")
            }
            try await world.insertUnnumbered(20_000)
            #expect(try await world.store.pending().count == 20_000)
            let floor = Locked(OutboxFloor())
            try await raise(floor, pool)
            #expect(floor.value.id == 20_000)
            try await world.insertUnnumbered(10)
            let (without, with) = (
                try await pages(world, above: 0), try await pages(world, above: floor.value.id)
            )
            #expect(with * 5 < without, "\(with) and \(without)")
            try await backup.end()
        }
    }

    @Test func `the floor stays below the rows of a transaction that is still open`() async throws {
        try await OutboxWorld.run { world in
            let (store, pool) = (world.store, try world.pool())
            let floor = Locked(OutboxFloor())
            let open = try await OpenTransaction(on: try world.pool()) { connection in
                try store.joining(connection).emit(TestSignal(number: 0))
                try connection.flushLast()
            }
            for number in 1...10 { try await store.emit(number) }
            #expect(try await store.pending().count == 10)
            try await raise(floor, pool)
            #expect(floor.value.id == 0)
            try await open.end()
            try await raise(floor, pool)
            #expect(floor.value.id == 0, "the row has no number yet")
            #expect(try await store.pending().count == 11)
            try await raise(floor, pool)
            #expect(floor.value.id >= 11)
        }
    }

    @Test func `the holder of the lease uses a floor and misses no row`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            let lease = try await store.acquireRelayLease()
            defer { lease.release() }
            let session = try #require(store.relayLease.session)
            session.floor.withLock { $0.period = .zero }
            let other = try world.pool()
            var seen = 0
            for round in 1...5 {
                let open = try await OpenTransaction(on: other) { connection in
                    try store.joining(connection).emit(TestSignal(number: -round))
                    try connection.flushLast()
                }
                for number in 1...5 { try await store.emit(number) }
                for _ in 1...3 { _ = try await store.rows(after: .max - 1, limit: 1, now: .distantFuture) }
                try await open.end()
                seen += 6
                #expect(try await store.pending().count == seen)
            }
            for _ in 1...3 { _ = try await store.rows(after: .max - 1, limit: 1, now: .distantFuture) }
            #expect(session.floor.withLock { $0.id } >= Int64(seen))
            #expect(try await store.verifyOutbox().faults == [])
        }
    }

    @Test func `reads by the holder of the lease begin above the floor, and search all rows once a minute`()
        async throws
    {
        try await OutboxWorld.run { world in
            let store = world.store
            let lease = try await store.acquireRelayLease()
            defer { lease.release() }
            let session = try #require(store.relayLease.session)
            session.floor.withLock {
                $0.period = .zero
                $0.nextFullSearch = .now + .seconds(3600)
            }
            // The first id, of a transaction that has not inserted its row yet.
            try await world.schema.psql("SELECT nextval(pg_get_serial_sequence('auth_outbox', 'id'))")
            for number in 1...2 { try await store.emit(number) }
            for _ in 1...3 { _ = try await store.pending() }
            #expect(session.floor.withLock { $0.id } == 3)
            try await world.schema.psql(
                """
                INSERT INTO auth_outbox (id, message_id, name, schema_version, time, correlation_id, data)
                VALUES (1, gen_random_uuid(), 'testing.happened', 1, 0, gen_random_uuid(), '{}')
                """)
            #expect(try await store.pending().count == 2, "nothing to number")
            try await store.emit(3)
            #expect(try await store.pending().count == 3, "another row was numbered")
            session.floor.withLock { $0.nextFullSearch = .now }
            #expect(try await store.pending().count == 4)
            #expect(try await world.number("SELECT sequence FROM auth_outbox WHERE id = 1") == 4)
            #expect(try await store.verifyOutbox().faults == [])
        }
    }

    @Test func `a new lease begins without a floor`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            let first = try await store.acquireRelayLease()
            store.relayLease.session?.floor.withLock { $0.period = .zero }
            try await store.emit()
            for _ in 1...3 { _ = try await store.pending() }
            #expect(store.relayLease.session?.floor.withLock { $0.id } == 1)
            first.release()
            let second = try await store.acquireRelayLease()
            defer { second.release() }
            #expect(store.relayLease.session?.floor.withLock { $0.id } == 0)
        }
    }
}
