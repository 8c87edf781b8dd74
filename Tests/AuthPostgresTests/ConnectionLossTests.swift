// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthTesting
import BrokerSupport
import PostgresSupport
import Testing

@Suite(.needsPostgres) struct ConnectionLossTests {
    @Test func `a silent server is given up at the deadline`() async throws {
        let world = try await PostgresWorld()
        try await world.withPool(try world.proxiedURL, timeouts: PostgresWorld.short) { pool in
            try await pool.run { _ = try $0.query("SELECT 1") }
            world.proxy.setSilent(true)
            let start = ContinuousClock.now
            let code = try await code { try await pool.run { _ = try $0.query("SELECT 1") } }
            #expect(code == .unreachable)
            #expect(ContinuousClock.now - start < .seconds(20))
            world.proxy.setSilent(false)
            try await reconnected(pool)
        }
    }

    @Test func `a server that never answers a connection is given up at the deadline`() async throws {
        let world = try await PostgresWorld()
        let silent = try LoopbackProxy.silent()
        defer { silent.close() }
        let url = try PostgresURL(parsing: world.schema.url(port: silent.port))
        try await world.withPool(url, timeouts: PostgresTimeouts(connect: .milliseconds(300))) { pool in
            let start = ContinuousClock.now
            let code = try await code { try await pool.run { _ in } }
            #expect(code == .unreachable)
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test func `a server that reads nothing is given up at the deadline, however much there is to send`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.withPool(try world.proxiedURL, timeouts: PostgresWorld.short) { pool in
            try await pool.run { _ = try $0.query("SELECT 1") }
            world.proxy.setDeaf(true)
            let code = try await code {
                try await pool.run { connection in
                    let text = String(repeating: "x", count: 30_000_000)
                    _ = try connection.query("SELECT length($1)", [.text(text)])
                }
            }
            #expect(code == .unreachable)
            world.proxy.setDeaf(false)
            try await reconnected(pool)
        }
    }

    @Test(arguments: [true, false])
    func `a connection that was lost while it was not used is opened again for the next work`(isReset: Bool)
        async throws
    {
        let world = try await PostgresWorld()
        try await world.withPool(try world.proxiedURL, connections: 1) { pool in
            let before = try await pool.run { try $0.query("SELECT pg_backend_pid()")[0].int(0) }
            if isReset { world.proxy.reset() } else { world.proxy.cut() }
            try await eventually("the server has noticed") {
                try await world.schema.psql("SELECT count(*) FROM pg_stat_activity WHERE pid = \(before)")
                    .trimming
                    == "0"
            }
            let after = try await pool.run { try $0.query("SELECT pg_backend_pid()")[0].int(0) }
            #expect(after != before)
        }
    }

    @Test func `a connection that the server ends during a statement is reported as unreachable`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.withPool(connections: 2) { pool in
            let started = Blocking<Int64>()
            let task = Task {
                try await pool.transaction { connection in
                    started.put(try connection.query("SELECT pg_backend_pid()")[0].int(0))
                    try connection.query(.sleep, [.int(20)])
                }
            }
            let process = await Task.detached { started.take() }.value ?? 0
            try await eventually("the statement runs") {
                try await world.schema.psql("SELECT state FROM pg_stat_activity WHERE pid = \(process)")
                    .trimming
                    == "active"
            }
            try await world.schema.psql("SELECT pg_terminate_backend(\(process))")
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .unreachable && error?.state == "57P01")
            try await reconnected(pool)
        }
    }

    @Test func `while no server is there, work fails at once; afterwards it goes on`() async throws {
        let server = try await PrivatePostgres.start()
        let world = try await PostgresWorld(server)
        try await world.withPool(connections: 2) { pool in
            try await pool.run { _ = try $0.query("SELECT 1") }
            try await server.kill()
            try await eventually("work fails") {
                try await code { try await pool.run { _ in } } == .unreachable
            }
            let start = ContinuousClock.now
            for _ in 0..<20 {
                let code = try await code { try await pool.run { _ in } }
                #expect(code == .unreachable)
            }
            #expect(ContinuousClock.now - start < .seconds(2))
            try await server.restart()
            try await reconnected(pool)
        }
        try await server.stop()
    }

    // MARK: The lost answer to COMMIT

    @Test
    func `a transaction whose answer to COMMIT was lost, and which took effect, is reported as committed`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool(try world.proxiedURL, timeouts: PostgresWorld.short) { pool in
            let task = Task {
                try await pool.transaction { connection in
                    try connection.query(.names)
                    connection.later(.insert, [.int(1), .text("a")])
                    world.proxy.setSilent(true)
                    return 7
                }
            }
            try await eventually("it has taken effect") {
                try await world.schema.psql("SELECT count(*) FROM account").trimming == "1"
            }
            world.proxy.cut()
            world.proxy.setSilent(false)
            #expect(try await task.value == 7)
        }
    }

    @Test func `a transaction whose COMMIT never arrived is reported as rolled back`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool(try world.proxiedURL, timeouts: PostgresWorld.short) { pool in
            let ready = Blocking<Bool>()
            let task = Task {
                try await pool.transaction { connection in
                    try connection.query(.names)
                    connection.later(.insert, [.int(1), .text("a")])
                    world.proxy.setDeaf(true)
                    ready.put(true)
                }
            }
            _ = await Task.detached { ready.take() }.value
            // What the proxy has not read is lost with its connection.
            world.proxy.reset()
            world.proxy.setDeaf(false)
            let code = try await code { try await task.value }
            #expect(code == .unreachable)
            try await world.expectRows(0)
        }
    }

    @Test func `an outcome that cannot be found out is reported as unknown`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        var timeouts = PostgresWorld.short
        timeouts.outcome = .milliseconds(300)
        try await world.withPool(try world.proxiedURL, timeouts: timeouts) { pool in
            let code = try await code {
                try await pool.transaction { connection in
                    try connection.query(.names)
                    connection.later(.insert, [.int(1), .text("a")])
                    world.proxy.setDown(true)
                }
            }
            #expect(code == .unknownOutcome)
        }
    }

    @Test func `an id that a crashed server has given to another transaction is not taken for a commit`()
        async throws
    {
        // A recorded id is not given again. For a standby, the server also records which ids are running, every 15 s; and
        // the lost connection's transaction is rolled back, which must not be on disk when the server is killed.
        let server = try await PrivatePostgres.start(
            "--set", "wal_level = minimal", "--set", "max_wal_senders = 0", "--set", "wal_writer_delay = 10s")
        let world = try await PostgresWorld(server)
        try await world.makeTable()
        var timeouts = PostgresWorld.short
        timeouts.outcome = .seconds(60)
        try await world.withPool(try world.proxiedURL, timeouts: timeouts) { pool in
            let id = Blocking<Int64>()
            let task = Task {
                try await pool.transaction { connection in
                    let rows = try connection.query("SELECT pg_current_xact_id()::text::bigint")
                    connection.later(.insert, [.int(1), .text("a")])
                    world.proxy.setDown(true)
                    id.put(try rows.first?.int(0))
                }
            }
            let lost = try #require(await Task.detached { id.take() }.value)
            try await server.kill()
            try await server.restart()
            try await eventually("the server has given the id to another transaction") {
                let next = try await server.psql("SELECT pg_current_xact_id()").trimming
                return Int64(next).map { $0 >= lost } ?? false
            }
            #expect(try await server.psql("SELECT pg_xact_status('\(lost)')").trimming == "committed")
            world.proxy.setDown(false)
            let code = try await code { try await task.value }
            #expect(code == .unknownOutcome)
        }
        try await server.kill()
    }

    @Test func `a loss before COMMIT is never reported as an unknown outcome`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool(try world.proxiedURL, timeouts: PostgresWorld.short) { pool in
            let code = try await code {
                try await pool.transaction { connection in
                    try connection.query(.insert, [.int(1), .text("a")])
                    world.proxy.cut()
                    try connection.query(.names)
                }
            }
            #expect(code == .unreachable)
            try await world.expectRows(0)
        }
    }

    private func reconnected(_ pool: PostgresPool) async throws {
        try await eventually("the pool has a connection again") {
            try await code { try await pool.run { _ = try $0.query("SELECT 1") } } == nil
        }
    }
}
