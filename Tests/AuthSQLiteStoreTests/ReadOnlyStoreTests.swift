// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite struct ReadOnlyStoreTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func opened(_ name: String, isReadOnly: Bool = true) throws -> SQLiteStore {
        try SQLiteStore(existing: folder.file(name), isReadOnly: isReadOnly, keys: .test, codec: .test)
    }

    @Test func `a read-only store can be inspected, keeps its mode and rejects writes`() async throws {
        try await folder.store().emit(1, of: "ada")
        let file = folder.file("auth.sqlite")
        chmod(file, 0o644)
        try await eventually("the store that has written is closed") {
            !FileManager.default.fileExists(atPath: file + "-wal")
        }
        let bytes = FileManager.default.contents(atPath: file)
        let store = try opened("auth.sqlite")
        try await store.checkSchema()
        #expect(try await store.status().pending == 1)
        #expect(try await store.outboxRecords(OutboxFilter([.pending])).map(\.row.number) == [1])
        #expect(try await store.verifyOutbox().isWhole)
        let error = await #expect(throws: StoreError.self) { try await store.emit(2) }
        #expect(error?.code == .unwritable)
        #expect(try folder.mode("auth.sqlite") == 0o644)
        #expect(FileManager.default.contents(atPath: file) == bytes)
    }

    @Test func `an operator's write keeps the mode of an application's file`() async throws {
        try await folder.store().emit(1)
        chmod(folder.file("auth.sqlite"), 0o640)
        try await opened("auth.sqlite", isReadOnly: false).pauseOutbox()
        #expect(try folder.mode("auth.sqlite") == 0o640)
        #expect(try await opened("auth.sqlite").pausedSince() != nil)
    }

    @Test(arguments: [true, false]) func `opening a missing store does not create it`(isReadOnly: Bool)
        async throws
    {
        let error = #expect(throws: StoreError.self) { try opened("auth.sqlite", isReadOnly: isReadOnly) }
        #expect(error?.code == .missing)
        #expect(try SecretKeyFile.existing(beside: folder.file("auth.sqlite")) == nil)
        #expect(
            try await SQLiteStore.condition(of: folder.file("auth.sqlite"), keys: .test, codec: .test)
                == .missing)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }

    @Test func `checking the condition of a store does not change it`() async throws {
        let pool = try DatabasePool(path: folder.file("old.sqlite"))
        try SQLiteStore.migrator.migrate(pool, upTo: "auth_store_2")
        try pool.close()
        func condition(_ name: String) async throws -> SQLiteStore.Condition {
            try await SQLiteStore.condition(of: folder.file(name), keys: .test, codec: .test)
        }
        #expect(try await condition("old.sqlite") == .outdated)
        #expect(try await condition("old.sqlite") == .outdated)
        _ = try await folder.store()
        #expect(try await condition("auth.sqlite") == .current)
        await #expect(throws: StoreError.self) { try await condition("nowhere/auth.sqlite") }
    }
}
