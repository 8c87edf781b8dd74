// SPDX-License-Identifier: Apache-2.0
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Testing

@Suite("Leases", .needsPostgres) struct RelayLeaseTests {
    /// Ends the sessions that hold a lease, as an administrator or a failover does.
    private func terminate(_ world: OutboxWorld, table: String, number: Int) async throws {
        let count = try await world.number(
            """
            SELECT count(pg_terminate_backend(pid)) FROM pg_locks WHERE locktype = 'advisory' AND granted
                AND classid = '\(table)'::regclass AND objid = \(number)
            """)
        #expect(count == 1)
    }

    /// Whether it returns in time.
    private func isLost(_ lease: any Lease) async throws -> Bool {
        let isLost = Locked(false)
        let waiting = Task {
            await lease.lost()
            isLost.change { $0 = true }
        }
        defer { waiting.cancel() }
        do { try await eventually("the loss is reported") { isLost.value } } catch is NotInTime {}
        return isLost.value
    }

    @Test func `a lost relay lease is reported, and its holder can neither number nor settle`() async throws {
        try await OutboxWorld.run { world in
            let (former, next) = (world.store, try world.another())
            for number in 1...3 { try await former.emit(number) }
            let lease = try await former.acquireRelayLease()
            #expect(try await former.pending().map(\.sequence) == [1, 2, 3])
            try await former.emit(4)
            try await terminate(world, table: "auth_outbox", number: 2)
            #expect(try await isLost(lease))
            await #expect(throws: StoreError.self) { try await former.pending() }
            await #expect(throws: StoreError.self) { try await former.settle(.confirmed, [1]) }
            #expect(try await world.number("SELECT count(*) FROM auth_outbox WHERE sequence IS NULL") == 1)
            #expect(try await world.number("SELECT count(*) FROM auth_outbox_history") == 0)

            let taken = try await next.acquireRelayLease()
            #expect(try await next.pending().map(\.sequence) == [1, 2, 3, 4])
            try await next.settle(.confirmed, [1])
            await #expect(throws: StoreError.self) { try await former.settle(.unrouted, [1, 2]) }
            #expect(try await next.status().unrouted == 0)
            taken.release()

            // Without the lease it reads like any other process.
            lease.release()
            #expect(try await former.pending().map(\.sequence) == [2, 3, 4])
            let again = try await former.acquireRelayLease()
            try await former.settle(.confirmed, [2, 3, 4])
            again.release()
            #expect(try await former.verifyOutbox().faults == [])
        }
    }

    @Test func `a lost mail lease is reported, and another process gets it`() async throws {
        try await OutboxWorld.run { world in
            let lease = try await world.store.acquireMailLease()
            try await terminate(world, table: "auth_mail", number: 1)
            #expect(try await isLost(lease))
            try await world.another().acquireMailLease().release()
            lease.release()
        }
    }

    @Test func `a lease that is no longer referenced is released`() async throws {
        try await OutboxWorld.run { world in
            _ = try await world.store.acquireRelayLease()
            try await world.another().acquireRelayLease().release()
        }
    }

    @Test
    func `the relay and the mail loop of one store, and stores in two schemas, have leases of their own`()
        async throws
    {
        try await OutboxWorld.run { first in
            try await OutboxWorld.run { second in
                let leases = [
                    try await first.store.acquireRelayLease(), try await first.store.acquireMailLease(),
                    try await second.store.acquireRelayLease(), try await second.store.acquireMailLease(),
                ]
                for lease in leases { lease.release() }
            }
        }
    }
}
