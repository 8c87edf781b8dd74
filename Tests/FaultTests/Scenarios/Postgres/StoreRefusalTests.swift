// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthStore
import AuthTesting
import FaultSupport
import Foundation
import PostgresSupport
import ProgramSupport
import Testing
import ToolSupport

extension Faults.Postgres {
    @Suite struct StoreRefusalTests {
        @Test func `no signal is lost if the server refuses connections or a lock is held`() async throws {
            let schema = try await FaultPostgres.schema()
            let fault = "no connection free at the server; table of the outbox locked by an operator"
            try await Trial("P7", fault).run(database: schema.url) { world in
                let relay = try world.actor("relay")
                let worker = try world.actor("work")
                try await world.withWriter(4) {
                    try await world.confirmed(100)
                    try await schema.refusingConnections { try await world.refused() }
                    try await world.confirmed(100)
                    // Longer than the limit of a connection for locks.
                    try await schema.locking("auth_outbox") {
                        try await world.refused()
                    }
                    try await world.confirmed(100)
                }
                try await world.drain()
                try await relay.stop()
                try await worker.stop()
            }
        }

        @Test(.enabled(if: SmallTablespace.isPossible, "only root can mount a small file system"))
        func `on a full disk of the server, transactions fail as a whole and committed signals are kept`()
            async throws
        {
            let server = try await PrivatePostgres.start("--set", "fsync = on")
            let disk = try SmallTablespace()
            defer { disk.remove() }
            try await server.psql("CREATE TABLESPACE small LOCATION '\(disk.path)'")
            try await server.psql("GRANT CREATE ON TABLESPACE small TO auth")
            try await server.psql("ALTER ROLE auth SET default_tablespace = 'small'")
            let schema = try await server.schema()
            try await Trial("P7 b", "disk of PostgreSQL's tables full: a file system of 4 MiB").run(
                database: schema.url
            ) { world in
                let writer = TrialWriter(world.store, log: try TrialLog(world.newWriterDiary()))
                var random = world.generator()
                var refusals = 0
                while refusals < 5 {
                    do { try await writer.write(100, &random) } catch let error as StoreError {
                        #expect(error.code == .full, "\(error)")
                        refusals += 1
                    }
                }
                try disk.enlarge()
                try await world.withWorker { _ in
                    try await world.withRelay { _ in
                        try await world.write(50)
                        try await world.drain()
                    }
                }
            }
            try await server.kill()
        }
    }
}

extension TrialWorld {
    /// Waits until a transaction fails with an error after which it can be repeated. What it wrote is not in the store;
    /// the checker sees to that.
    fileprivate func refused() async throws {
        let writer = TrialWriter(store, log: try TrialLog(newWriterDiary()))
        var random = generator()
        try await eventually(within: .seconds(60), "a transaction is refused") {
            do { try await writer.write(2, &random) } catch let error as StoreError {
                #expect([.busy, .unreachable].contains(error.code), "\(error)")
                return true
            } catch is UnknownOutcome {
                // Its connection was ended during COMMIT.
            }
            return false
        }
    }
}

extension PrivateSchema {
    /// Runs a body while the server accepts no connection of the trial's programs (SQLSTATE 53300).
    fileprivate func refusingConnections(_ body: () async throws -> Void) async throws {
        let (refuse, accept) = (
            "ALTER ROLE auth CONNECTION LIMIT 0", "ALTER ROLE auth CONNECTION LIMIT -1"
        )
        do {
            try await server.psql(refuse)
            // Established connections would stay.
            try await server.psql(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'auth'")
            try await body()
        } catch {
            _ = try? await server.psql(accept)
            throw error
        }
        try await server.psql(accept)
    }

    /// Runs a body while another session holds a lock that excludes every use of a table.
    fileprivate func locking(_ table: String, _ body: () async throws -> Void) async throws {
        let marker = "the lock of \(name)"
        let lock = """
            BEGIN; LOCK TABLE \(table) IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(120) /* \(marker) */; COMMIT
            """
        let session = Task { try? await psql(lock) }
        let isLocked = """
            SELECT count(*) FROM pg_locks WHERE relation = '\(table)'::regclass AND mode = 'AccessExclusiveLock' AND granted
            """
        let end = """
            SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
            WHERE query LIKE '%\(marker)%' AND pid <> pg_backend_pid()
            """
        do {
            try await eventually("the table is locked") { try await psql(isLocked) == "1\n" }
            try await body()
        } catch {
            _ = try? await server.psql(end)
            throw error
        }
        try await server.psql(end)
        _ = await session.value
    }
}

/// A small file system for PostgreSQL's tables.
private struct SmallTablespace {
    let path: String

    static let isPossible = getuid() == 0 && PrivatePostgres.isAvailable

    init() throws {
        // Short, and passable for the server's user.
        path =
            FileManager.default.temporaryDirectory.appending(
                path: "small-\(UInt32.random(in: 0...UInt32.max))"
            )
            .path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        let owner = getpwnam("postgres")?.pointee
        let options = "size=4m,mode=0700,uid=\(owner?.pw_uid ?? 0),gid=\(owner?.pw_gid ?? 0)"
        guard mount("tmpfs", path, "tmpfs", 0, options) == 0 else { throw POSIXError(.EPERM) }
    }

    func enlarge() throws {
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=256m") == 0 else {
            throw POSIXError(.EPERM)
        }
    }

    func remove() {
        umount2(path, Int32(MNT_DETACH))
        try? FileManager.default.removeItem(atPath: path)
    }
}
