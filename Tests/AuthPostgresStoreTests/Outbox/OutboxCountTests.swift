// SPDX-License-Identifier: Apache-2.0
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import PostgresSupport
import Testing

/// What happens if the row of `auth_outbox_count` was changed or deleted by hand.
@Suite("Outbox count", .needsPostgres) struct OutboxCountTests {
    @Test func `without its row nothing is numbered, and everything that needs it says so`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            let lease = try await store.acquireRelayLease()
            defer { lease.release() }
            try await store.emit(1)
            #expect(try await store.pending().map(\.sequence) == [1])
            try await store.emit(2)
            try await world.schema.psql("DELETE FROM auth_outbox_count")
            // The relay may expect more unnumbered rows, and look for a missing row only at the next read.
            _ = try? await store.pending()
            await expectDamaged { _ = try await store.pending() }
            await expectDamaged { _ = try await store.status() }
            await expectDamaged { _ = try await store.verifyOutbox() }
            await expectDamaged { try await store.pauseOutbox() }
            await expectDamaged { try await store.resumeOutbox() }
            await expectDamaged { _ = try await store.pausedSince() }
            await expectDamaged { _ = try await store.continueAfterRestore() }
            await expectDamaged { _ = try await store.outboxRecords(OutboxFilter([.pending])) }
            #expect(try await world.number("SELECT count(*) FROM auth_outbox WHERE sequence IS NULL") == 1)
            try await world.schema.psql("INSERT INTO auth_outbox_count DEFAULT VALUES")
            let start = try await store.continueAfterRestore()
            #expect(try await store.pending().map(\.sequence) == [1, start + 1])
        }
    }

    @Test func `numbers at the end of the range stop no process`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            try await world.schema.psql(
                "UPDATE auth_outbox_count SET last_sequence = 9223372036854775800")
            for number in 1...10 { try await store.emit(number) }
            #expect(try await store.status().emitted == .max)
            _ = try await store.verifyOutbox()
            await #expect(throws: (any Error).self) { try await store.pending() }
        }
    }

    @Test func `who takes the relay lease raises the last number above all that are in use`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            for number in 1...3 { try await store.emit(number) }
            #expect(try await store.pending().count == 3)
            try await store.settle(.confirmed, [2])
            try await store.settle(.parked(reason: "no"), [3])
            try await world.schema.psql("UPDATE auth_outbox_count SET last_sequence = 0")
            let lease = try await store.acquireRelayLease()
            defer { lease.release() }
            try await store.emit(4)
            #expect(try await store.pending().map(\.sequence) == [1, 4])
            try await store.settle(.confirmed, [1, 4])
            #expect(try await store.verifyOutbox().faults == [])
        }
    }

    @Test func `a number that is settled already is reported with what to do`() async throws {
        try await OutboxWorld.run { world in
            let store = world.store
            try await store.emit(1)
            _ = try await store.pending()
            try await store.settle(.confirmed, [1])
            try await world.schema.psql("UPDATE auth_outbox_count SET last_sequence = 0")
            try await store.emit(2)
            #expect(try await store.pending().map(\.sequence) == [1])
            let error = await #expect(throws: StoreError.self) { try await store.settle(.confirmed, [1]) }
            #expect(error?.code == .rejected)
            #expect(error?.message.contains("UPDATE auth_outbox SET sequence = NULL") == true)
            try await world.schema.psql(
                """
                UPDATE auth_outbox SET sequence = NULL
                WHERE sequence IN (SELECT sequence FROM auth_outbox_history)
                """)
            let lease = try await store.acquireRelayLease()
            defer { lease.release() }
            #expect(try await store.pending().map(\.sequence) == [2])
            try await store.settle(.confirmed, [2])
        }
    }

    private func expectDamaged(
        _ body: () async throws -> Void, sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        let error = await #expect(throws: StoreError.self, sourceLocation: sourceLocation) {
            try await body()
        }
        #expect(error?.code == .damaged, sourceLocation: sourceLocation)
    }
}
