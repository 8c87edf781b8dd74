// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Testing

@Suite struct StoreFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func pragma(_ name: String, _ store: SQLiteStore) async throws -> String? {
        try await store.database.writeWithoutTransaction { try String.fetchOne($0, sql: "PRAGMA \(name)") }
    }

    private func refusal(_ path: String) -> StoreError? {
        #expect(throws: StoreError.self) { try SQLiteStore(path: path, keys: .test, codec: .test) }
    }

    @Test func `commits are synchronised with the disk, also after reopening`() async throws {
        for _ in 0..<2 {
            let store = try await folder.store()
            #expect(try await pragma("synchronous", store) == "2")
            #expect(try await pragma("journal_mode", store) == "wal")
            #expect(try await pragma("busy_timeout", store) == "5000")
            #expect(try await pragma("foreign_keys", store) == "1")
        }
    }

    @Test(arguments: [false, true])
    func `rejects writes while the file is deleted or replaced`(isReplaced: Bool)
        async throws
    {
        let store = try await folder.store()
        try await store.emit(1)
        let (file, aside) = (folder.file("auth.sqlite"), folder.file("aside"))
        try FileManager.default.moveItem(atPath: file, toPath: aside)
        if isReplaced { try FileManager.default.copyItem(atPath: aside, toPath: file) }
        let error = await #expect(throws: StoreError.self) { try await store.emit(2) }
        #expect(error?.code == .replaced)
        #expect(error?.secondsUntilRetry == 30)
        #expect(throws: StoreError.self) { try store.checkFile() }

        if isReplaced { try FileManager.default.removeItem(atPath: file) }
        try FileManager.default.moveItem(atPath: aside, toPath: file)
        try store.checkFile()
        try await store.emit(3)
        #expect(try await store.count("auth_outbox") == 2)
    }

    @Test func `rejects signals in an application's own transaction if the file is deleted`()
        async throws
    {
        let store = try await folder.store()
        try FileManager.default.removeItem(atPath: folder.file("auth.sqlite"))
        await #expect(throws: StoreError.self) {
            try await store.database.write { try store.joining($0).emit(ThingHappened(1)) }
        }
    }

    @Test func `all files are readable by their owner only`() async throws {
        let store = try await folder.store()
        let lease = try await store.acquireRelayLease()
        _ = try SecretKeyFile.loadOrCreate(beside: folder.file("auth.sqlite"))
        let limiter = try SQLiteRateLimiter(path: folder.file("limits.sqlite"))
        _ = try await limiter.consume([RateLimitUse(bucket: "b", amount: 1, per: 60)], now: Date())
        try await store.emit(1)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(
            Set(files).isSuperset(of: [
                "auth.sqlite", "auth.sqlite-wal", "auth.sqlite-shm", "auth.sqlite.relay.lock",
                "auth.sqlite.key", "limits.sqlite", "limits.sqlite-wal",
            ]))
        for file in files { #expect(try folder.mode(file) == 0o600, "\(file)") }
        lease.release()
    }

    @Test func `restricts the mode of a file that others could read`() async throws {
        _ = FileManager.default.createFile(
            atPath: folder.file("auth.sqlite"), contents: nil, attributes: [.posixPermissions: 0o644])
        try await folder.store().emit(1)
        #expect(try folder.mode("auth.sqlite") == 0o600)
    }

    @Test func `the mode of the files does not depend on the umask`() async throws {
        // The umask belongs to the whole process, so it is set in a child.
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/sh")
        let path = folder.file("auth.sqlite")
        child.arguments = ["-c", "umask 000; : > '\(path)'; : > '\(path)-wal'"]
        try child.run()
        child.waitUntilExit()
        #expect(try folder.mode("auth.sqlite") == 0o666)
        let store = try await folder.store()
        try await store.emit(1)
        for name in ["auth.sqlite", "auth.sqlite-wal", "auth.sqlite-shm"] {
            #expect(try folder.mode(name) == 0o600, "\(name)")
        }
    }

    @Test func `a second store in the process keeps the locks of the first`() async throws {
        let store = try await folder.store()
        let folder = folder
        // Closing any descriptor of a file releases the process's locks on it, so this one stays open until the end.
        let probe = open(folder.file("auth.sqlite-shm"), O_RDWR | O_CLOEXEC)
        defer { close(probe) }
        // The byte that a writer locks (WAL_WRITE_LOCK in SQLite's wal.c).
        @Sendable func isLocked() -> Bool {
            var lock = flock()
            lock.l_type = Int16(F_WRLCK)
            lock.l_start = 120
            lock.l_len = 1
            // F_OFD_GETLK, whose macro is not imported: it also sees the locks of this process.
            return fcntl(probe, 36, &lock) == 0 && lock.l_type != Int16(F_UNLCK)
        }
        #expect(!isLocked())
        try await store.database.writeWithoutTransaction { database in
            try database.execute(sql: "BEGIN IMMEDIATE")
            #expect(isLocked())
            _ = try SQLiteStore(path: folder.file("auth.sqlite"), keys: .test, codec: .test)
            #expect(isLocked())
            try database.execute(sql: "COMMIT")
        }
        #expect(!isLocked())
    }

    @Test func `committed rows are found after reopening`() async throws {
        try await folder.store().emit(1, of: "a")
        let rows = try await folder.store().pending()
        #expect(rows.map(\.number) == [1])
        #expect(rows.first?.draft.subject == "a")
    }

    @Test func `stores the trace of a signal`() async throws {
        let store = try await folder.store()
        try await store.emit(1)
        #expect(try await store.pending().first?.draft.trace == [:])
        try await store.transaction { transaction in
            try transaction.database.execute(
                sql: "UPDATE auth_outbox SET trace = CAST(? AS BLOB)",
                arguments: [#"{"traceparent":"00-a-b-01"}"#])
        }
        #expect(try await store.pending().first?.draft.trace == ["traceparent": "00-a-b-01"])
    }

    @Test func `reports a missing folder`() {
        let error = refusal(folder.file("nowhere/auth.sqlite"))
        #expect(error?.code == .unwritable)
        #expect(error?.message.contains("does not exist") == true)
    }

    @Test func `reports a path that cannot be written`() {
        #expect(refusal(folder.path)?.code == .unwritable)
        #expect(refusal("/proc/auth.sqlite")?.code == .unwritable)
    }

    @Test func `does not change a file that is not a database`() throws {
        let text = Data("This is a diary and not a database, but it is long enough to be one.".utf8)
        try text.write(to: URL(fileURLWithPath: folder.file("diary")))
        #expect(refusal(folder.file("diary"))?.code == .notADatabase)
        #expect(FileManager.default.contents(atPath: folder.file("diary")) == text)
    }

    @Test func `does not open or migrate a store of a newer version`() async throws {
        let store = try await folder.store()
        try await store.transaction { transaction in
            try transaction.database.execute(sql: "INSERT INTO grdb_migrations VALUES ('auth_store_999')")
        }
        #expect(refusal(folder.file("auth.sqlite"))?.code == .newerSchema)
        let error = await #expect(throws: StoreError.self) { try await store.migrate() }
        #expect(error?.code == .newerSchema)
    }

    @Test func `reports a store that needs a migration`() async throws {
        let store = try SQLiteStore(path: folder.file("new.sqlite"), keys: .test, codec: .test)
        let error = await #expect(throws: StoreError.self) { try await store.checkSchema() }
        #expect(error?.code == .outdatedSchema)
        try await store.migrate()
        try await store.migrate()
        try await store.checkSchema()
    }

    @Test func `stores created concurrently on one file are all usable`() async throws {
        let path = folder.file("race.sqlite")
        let stores = try await withThrowingTaskGroup(of: SQLiteStore.self) { group in
            for _ in 0..<8 {
                group.addTask { try SQLiteStore(path: path, keys: .test, codec: .test) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        try await withThrowingTaskGroup { group in
            for (number, store) in stores.enumerated() {
                group.addTask {
                    try await store.migrate()
                    try await store.emit(number)
                }
            }
            try await group.waitForAll()
        }
        #expect(try await stores[0].pending().count == 8)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(files == ["race.sqlite", "race.sqlite-shm", "race.sqlite-wal"])
    }

    @Test func `a migration waits for that of another process`() async throws {
        let store = try SQLiteStore(path: folder.file("auth.sqlite"), keys: .test, codec: .test)
        let holder = try LockHolder(folder.file("auth.sqlite.migrate.lock"))
        let done = Notes<Bool>()
        let migration = Task {
            try await store.migrate()
            done.add(true)
        }
        #expect(await !becomes(within: .seconds(1)) { !done.all.isEmpty })
        holder.kill()
        try await migration.value
        try await store.checkSchema()
    }

    @Test func `a full disk rolls back and has its own error code`() async throws {
        let store = try await folder.store()
        try await store.emit(1)
        let pages = try await pragma("page_count", store).flatMap(Int.init) ?? 0
        _ = try await pragma("max_page_count = \(pages)", store)
        let error = await #expect(throws: StoreError.self) {
            try await store.transaction { transaction in
                for number in 0..<1000 { try transaction.emit(ThingHappened(number, of: "ada")) }
            }
        }
        #expect(error?.code == .full)
        #expect(error?.secondsUntilRetry != nil)
        #expect(error?.sqliteCode == 13)
        _ = try await pragma("max_page_count = 1073741823", store)
        #expect(try await store.pending().map(\.number) == [1])
        try await store.emit(2)
        #expect(try await store.verifyOutbox().isWhole)
    }

    @Test func `errors quote no stored value`() async throws {
        let store = try await folder.store()
        let session = Session.test()
        let error = await #expect(throws: StoreError.self) {
            try await store.transaction { transaction in
                var other = Session.test()
                other.id = session.id
                other.ip = "198.51.100.99"
                try transaction.insert(session)
                do {
                    try transaction.insert(other)
                } catch let error as DatabaseError {
                    throw StoreError(error)
                }
            }
        }
        #expect(error?.code == .rejected)
        #expect(error?.description.contains("198.51.100.99") == false)
        #expect(error?.description.contains("INSERT") == false)
    }
}
