// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSQLiteStore
import AuthStore
import AuthTesting

/// A store in which another process wins a race: the first writes fail with a unique-constraint conflict.
struct RacedStore: AccountStore {
    let store: any AccountStore
    let conflict: StoreConflict
    /// What the other process does.
    let other: @Sendable () async throws -> Void
    /// How often a transaction fails.
    let times: Int
    private let raced = Locked(0)

    init(
        _ store: any AccountStore, _ conflict: StoreConflict, times: Int = 1,
        _ other: @escaping @Sendable () async throws -> Void = {}
    ) {
        self.store = store
        self.conflict = conflict
        self.times = times
        self.other = other
    }

    func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        if raced.value < times {
            raced.change { $0 += 1 }
            if raced.value == 1 { try await other() }
            throw conflict
        }
        return try await store.transaction(body)
    }

    func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R {
        try await store.read(body)
    }
}
