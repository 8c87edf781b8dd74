// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import Testing

/// What SQLite does beyond the contract, which ``StoreConformanceTests`` checks.
@Suite struct ConflictTests {
    let store: SQLiteStore
    let ada = User.test("Ada")

    init() async throws {
        store = try .test()
        try await store.transaction { [ada] transaction in
            try transaction.insert(ada)
            try transaction.insert(ada.address("ada@example.org", verified: true, primary: true))
        }
    }

    @Test func `a caught conflict leaves the transaction usable`() async throws {
        let again = ada.address("ada@example.org")
        try await store.transaction { transaction in
            do { try transaction.insert(again) } catch is StoreConflict {}
            try transaction.emit(ThingHappened(1))
        }
        #expect(try await store.pending().count == 1)
    }
}
