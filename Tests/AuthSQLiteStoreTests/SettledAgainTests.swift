// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@testable import AuthSQLiteStore

/// An operator's rows are found by a read and changed by later transactions: meanwhile another operator can republish
/// them, and the relay settle them with another result.
@Suite("Rows that were settled again after an operator found them")
struct SettledAgainTests {
    private let clock = FixedClock()

    @Test func `are not republished from the state in which they were found`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        try await store.emit(1)
        try await store.settle(.confirmed, 1, at: clock.now())
        #expect(try await store.transaction { try $0.republish([1], from: .unrouted) } == 0)
        #expect(try await store.status().confirmed == 1)
        #expect(try await store.verifyOutbox().faults == [])
    }

    @Test func `are not deleted if they may not be in their new state`() async throws {
        let store = try SQLiteStore.test(clock: clock)
        try await store.emit(1)
        try await store.settle(.unrouted, 1, at: clock.now())
        let later = clock.now().addingTimeInterval(60)
        let purged = try await store.transaction { transaction in
            try transaction.purge(
                [1], from: "auth_outbox_history",
                where: "\(OutboxRecord.State.confirmed.condition) AND settled_at < ?", [later.milliseconds])
        }
        #expect(purged == 0)
        #expect(try await store.count("auth_outbox_history") == 1)
    }
}
