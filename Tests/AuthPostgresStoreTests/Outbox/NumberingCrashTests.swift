// SPDX-License-Identifier: Apache-2.0
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import PostgresSupport
import Testing

/// Each test has a server of its own: it crashes, or must write nothing for others.
@Suite("Numbering and crashes of the server", .serialized, .needsPostgres) struct NumberingCrashTests {
    // With asynchronous commits, numbers that were published would be assigned again after a crash.
    @Test func `a number is durable before its row is returned, even if commits are asynchronous`()
        async throws
    {
        let server = try await PrivatePostgres.start(
            "--set", "synchronous_commit = off", "--set", "wal_writer_delay = 10s", "--set", "fsync = off")
        try await OutboxWorld.run(on: server) { world in
            for number in 1...3 { try await world.store.emit(number) }
            #expect(try await world.store.pending().map(\.sequence) == [1, 2, 3])
            try await server.kill()
            try await server.restart()
            #expect(try await world.number("SELECT count(*) FROM auth_outbox WHERE sequence <= 3") == 3)
            #expect(try await world.number("SELECT last_sequence FROM auth_outbox_count") == 3)
        }
        try await server.stop()
    }

    @Test func `reading an outbox without new rows writes nothing`() async throws {
        let server = try await PrivatePostgres.start("--set", "autovacuum = off", "--set", "fsync = off")
        try await OutboxWorld.run(on: server) { world in
            let nextTransaction = "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint"
            let store = world.store
            try await store.emit()
            for holdsLease in [false, true] {
                let lease = holdsLease ? try await store.acquireRelayLease() : nil
                _ = try await store.pending()
                let before = try await world.number(nextTransaction)
                for _ in 1...20 { _ = try await store.rows(after: 1, limit: 100, now: .distantFuture) }
                #expect(try await world.number(nextTransaction) == before)
                lease?.release()
            }
        }
        try await server.stop()
    }

    // A sequence continues 32 numbers later after a crash.
    @Test func `numbers continue without a gap after a crash, although the ids do not`() async throws {
        let server = try await PrivatePostgres.start("--set", "fsync = off")
        try await OutboxWorld.run(on: server) { world in
            for number in 1...3 { try await world.store.emit(number) }
            #expect(try await world.store.pending().count == 3)
            try await server.kill()
            try await server.restart()
            try await eventually("the store has reconnected") {
                do { try await world.store.emit(4) } catch { return false }
                return true
            }
            let rows = try await world.store.pending()
            #expect(rows.map(\.sequence) == (0..<Int64(rows.count)).map { $0 + 1 })
            #expect(rows.count >= 4)
            #expect(try await world.number("SELECT max(id) FROM auth_outbox") > Int64(rows.count))
            #expect(try await world.store.verifyOutbox().faults == [])
        }
        try await server.stop()
    }
}
