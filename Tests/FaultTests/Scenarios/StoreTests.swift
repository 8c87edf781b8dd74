// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import FaultSupport
import Foundation
import GRDB
import ProgramSupport
import Testing

extension Faults {
    @Suite struct StoreTests {
        @Test
        func `on a full disk, transactions fail as a whole and committed signals are kept`()
            async throws
        {
            let disk = try SmallDisk()
            defer { disk.remove() }
            try await Trial("D", "disk of the store full: \(disk.kind)").run(store: disk.path) { world in
                let store = try #require(world.store as? SQLiteStore)
                try disk.fill(store)
                var refusals = 0
                let writer = TrialWriter(world.store, log: try TrialLog(world.newWriterDiary()))
                var random = world.generator()
                while refusals < 5 {
                    do { try await writer.write(20, &random) } catch let error as StoreError {
                        #expect(error.code == .full, "\(error)")
                        refusals += 1
                    }
                }
                // Read before anything is published: none of them has its effect yet.
                let pending = try await world.store.status().pending
                try await world.withWorker { _ in
                    // Committed rows are still published, but their confirmation cannot be stored.
                    try await world.withRelay { _ in
                        try await eventually(within: .seconds(60), "\(pending) messages had their effect") {
                            try await world.effects.count() >= pending
                        }
                        try disk.enlarge(store)
                        try await world.write(50)
                        try await world.drain()
                    }
                }
            }
        }
    }
}

/// A small disk: an in-memory file system if the process may mount one, otherwise SQLite's page limit, which fails in
/// the same places.
private final class SmallDisk {
    let path: String
    private let isMounted: Bool
    var kind: String { isMounted ? "a file system of 2 MiB" : "SQLite's page limit" }

    init() throws {
        path = FileManager.default.temporaryDirectory.appending(path: "small-disk-\(UUID().uuidString)").path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        isMounted = mount("tmpfs", path, "tmpfs", 0, "size=2m,mode=0700") == 0
    }

    func fill(_ store: SQLiteStore) throws {
        if !isMounted { try limit(store, toPages: 200) }
    }

    func enlarge(_ store: SQLiteStore) throws {
        if !isMounted { return try limit(store, toPages: 1 << 30) }
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=64m") == 0 else {
            throw POSIXError(.EPERM)
        }
    }

    func remove() {
        if isMounted { umount2(path, Int32(MNT_DETACH)) }
        try? FileManager.default.removeItem(atPath: path)
    }

    private func limit(_ store: SQLiteStore, toPages count: Int) throws {
        try store.database.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA max_page_count = \(count)")
        }
    }
}
