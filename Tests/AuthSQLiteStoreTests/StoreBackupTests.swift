// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite struct StoreBackupTests {
    let folder: TemporaryFolder
    let clock = FixedClock()

    init() throws { folder = try TemporaryFolder() }

    private func moveStoreAway() throws {
        for name in ["auth.sqlite", "auth.sqlite-wal", "auth.sqlite-shm"] {
            let file = folder.file(name)
            // A store that is being closed can delete its write-ahead log meanwhile.
            do {
                try FileManager.default.moveItem(atPath: file, toPath: file + ".\(UUID().uuidString).old")
            } catch CocoaError.fileNoSuchFile {}
        }
    }

    @Test func `a restored store reuses no sequence, and verification succeeds`()
        async throws
    {
        let store = try await folder.store(clock: clock)
        for number in 1...5 { try await store.emit(number) }
        try await store.settle(.confirmed, 1, 2)
        try await StoreBackup.make(of: store, at: folder.file("backup"))
        #expect(try folder.mode("backup") == 0o600)
        // Signals emitted after the backup are lost with the store, but subscribers have received them.
        for number in 6...9 { try await store.emit(number) }
        var given = Set(try await store.pending().map(\.sequence)).union([1, 2])

        for _ in 1...2 {
            try moveStoreAway()
            clock.advance(by: .seconds(60))
            let start = try await StoreBackup.restore(
                folder.file("backup"), to: folder.file("auth.sqlite"), at: clock.now())
            #expect(start > 1_000_000_000_000_000)
            let restored = try await folder.store(clock: clock)
            #expect(try await restored.pending().map(\.sequence) == [3, 4, 5])
            for number in 10...12 { try await restored.emit(number) }
            let new = try await restored.pending().map(\.sequence).filter { $0 > 5 }
            #expect(new == [start + 1, start + 2, start + 3])
            #expect(given.isDisjoint(with: new))
            given.formUnion(new)
            let status = try await restored.status()
            #expect(status.emitted == 8)
            #expect(status.pending == 6)
            #expect(status.restoredAt == clock.now().wholeMilliseconds)
            #expect(try await restored.verifyOutbox().faults == [])
            #expect(try folder.mode("auth.sqlite") == 0o600)
        }
    }

    @Test func `a second restore starts above the sequences of the first`() async throws {
        let store = try await folder.store(clock: clock)
        try await store.emit(1)
        try await StoreBackup.make(of: store, at: folder.file("first"))
        let other = folder.file("other.sqlite")
        let start = try await StoreBackup.restore(folder.file("first"), to: other, at: clock.now() + 600)
        let restored = try await folder.store("other.sqlite", clock: clock)
        try await restored.emit(2)
        try await StoreBackup.make(of: restored, at: folder.file("second"))
        // The clock has been set back in between.
        let again = try await StoreBackup.restore(
            folder.file("second"), to: folder.file("third.sqlite"), at: clock.now())
        #expect(again == start + 1)
        let third = try await folder.store("third.sqlite", clock: clock)
        #expect(try await third.verifyOutbox().faults == [])
    }

    @Test func `restoring a backup of an older version migrates it`() async throws {
        let pool = try DatabasePool(path: folder.file("old.sqlite"))
        try SQLiteStore.migrator.migrate(pool, upTo: "auth_store_3")
        try await pool.write { try $0.execute(sql: "CREATE TABLE mine (id INTEGER)") }
        try pool.close()
        _ = try await StoreBackup.restore(
            folder.file("old.sqlite"), to: folder.file("auth.sqlite"), at: clock.now())
        let store = try await folder.store(clock: clock)
        try await store.emit(1)
        #expect(try await store.verifyOutbox().faults == [])
        #expect(try await store.count("mine") == 0)
    }

    @Test func `a rejected backup or restore overwrites nothing and leaves no file`() async throws {
        let store = try await folder.store(clock: clock)
        try await store.emit(1)
        let (backup, text) = (folder.file("backup"), folder.file("text"))
        try Data("not a database, but long enough to look like a file of some kind".utf8).write(
            to: URL(filePath: text))
        try await StoreBackup.make(of: store, at: backup)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        let taken = await #expect(throws: StoreError.self) {
            try await StoreBackup.make(of: store, at: backup)
        }
        #expect(taken?.message.contains("exists") == true)
        await #expect(throws: StoreError.self) {
            try await StoreBackup.restore(backup, to: folder.file("auth.sqlite"))
        }
        await #expect(throws: StoreError.self) { try await StoreBackup.restore(text, to: folder.file("new")) }
        await #expect(throws: StoreError.self) {
            try await StoreBackup.restore(folder.file("nothing"), to: folder.file("new"))
        }
        let empty = folder.file("empty.sqlite")
        try await DatabaseQueue(path: empty).write { try $0.execute(sql: "CREATE TABLE mine (id INTEGER)") }
        let foreign = await #expect(throws: StoreError.self) {
            try await StoreBackup.restore(empty, to: folder.file("new"))
        }
        #expect(foreign?.code == .notADatabase)
        try FileManager.default.removeItem(atPath: empty)
        try FileManager.default.moveItem(atPath: folder.file("auth.sqlite"), toPath: folder.file("moved"))
        let log = await #expect(throws: StoreError.self) {
            try await StoreBackup.restore(backup, to: folder.file("auth.sqlite"))
        }
        #expect(log?.message.contains("-wal") == true)
        try FileManager.default.moveItem(atPath: folder.file("moved"), toPath: folder.file("auth.sqlite"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == names)
    }
}

@Suite struct SQLiteVersionTests {
    @Test func `reports versions with the WAL-reset bug, but not the repaired ones`() {
        for affected in ["3.7.0", "3.40.1", "3.44.5", "3.45.0", "3.46.1", "3.50.6", "3.51.0", "3.51.2"] {
            #expect(SQLiteVersion(affected).knownFault?.contains("WAL-reset") == true, "\(affected)")
        }
        for repaired in ["3.44.6", "3.44.7", "3.50.7", "3.51.3", "3.53.0", "4.0.0", "3.6.23"] {
            #expect(SQLiteVersion(repaired).knownFault == nil, "\(repaired)")
        }
        #expect(SQLiteVersion("3.52.0").knownFault?.contains("withdrawn") == true)
    }

    @Test func `the linked version has three numbers`() throws {
        #expect(try SQLiteVersion.linked().description.wholeMatch(of: /3\.\d+\.\d+/) != nil)
    }
}
