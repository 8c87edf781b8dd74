// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthTesting
import PostgresSupport
import Testing

@Suite(.needsPostgres) struct PoolTests {
    /// Occupies a connection until it is opened.
    struct Door: Sendable {
        let entered = Blocking<Bool>()
        let opened = Blocking<Bool>()

        func occupy(_ pool: PostgresPool) -> Task<Void, any Error> {
            Task {
                try await pool.run { _ in
                    entered.put(true)
                    _ = opened.take()
                }
            }
        }

        func awaitEntry() async { _ = await Task.detached { entered.take() }.value }
    }

    @Test func `many tasks share few connections`() async throws {
        try await PostgresWorld().withPool(connections: 3) { pool in
            let processes = try await withThrowingTaskGroup(of: Int64.self) { group in
                for _ in 0..<200 {
                    group.addTask {
                        try await pool.run { try $0.query("SELECT pg_backend_pid()")[0].int(0) }
                    }
                }
                return try await group.reduce(into: Set<Int64>()) { $0.insert($1) }
            }
            #expect((1...3).contains(processes.count))
        }
    }

    @Test func `work that no connection takes in time fails as busy`() async throws {
        try await PostgresWorld().withPool(connections: 1, patience: .seconds(1)) { pool in
            let door = Door()
            let occupation = door.occupy(pool)
            await door.awaitEntry()
            let late = try await code { try await pool.run { _ in } }
            #expect(late == .busy)
            door.opened.put(true)
            try await occupation.value
            try await pool.run { _ in }
        }
    }

    @Test func `more work than the queue holds fails as busy at once`() async throws {
        try await PostgresWorld().withPool(connections: 1, queue: 1, patience: .seconds(60)) { pool in
            let door = Door()
            let occupation = door.occupy(pool)
            await door.awaitEntry()
            // One waits; the others find the queue full.
            let outcomes = Blocking<PostgresError.Code>()
            let tasks = (0..<2).map { _ in
                Task {
                    let code = try await code { try await pool.run { _ in } }
                    if let code { outcomes.put(code) }
                    return code
                }
            }
            let first = await Task.detached { outcomes.take() }.value
            #expect(first == .busy)
            door.opened.put(true)
            try await occupation.value
            var codes: [PostgresError.Code?] = []
            for task in tasks { codes.append(try await task.value) }
            #expect(codes.filter { $0 == nil }.count == 1)
        }
    }

    @Test func `cancelling a task that waits for a connection ends it`() async throws {
        try await PostgresWorld().withPool(connections: 1, patience: .seconds(60)) { pool in
            let door = Door()
            let occupation = door.occupy(pool)
            await door.awaitEntry()
            let waiting = Task { try await pool.run { _ in } }
            waiting.cancel()
            await #expect(throws: CancellationError.self) { try await waiting.value }
            door.opened.put(true)
            try await occupation.value
        }
    }

    @Test func `cancelling a task cancels its statement, and the connection stays usable`() async throws {
        try await PostgresWorld().withPool(connections: 1) { pool in
            let process = try await pool.run { try $0.query("SELECT pg_backend_pid()")[0].int(0) }
            let started = Blocking<Bool>()
            let running = Task {
                try await pool.transaction { connection in
                    try connection.query("SELECT 1")
                    started.put(true)
                    try connection.query(.sleep, [.int(600)])
                }
            }
            _ = await Task.detached { started.take() }.value
            running.cancel()
            await #expect(throws: CancellationError.self) { try await running.value }
            let again = try await pool.run { try $0.query("SELECT pg_backend_pid()")[0].int(0) }
            #expect(again == process)
        }
    }

    /// COMMIT takes three seconds here, because a deferred constraint trigger sleeps in it.
    @Test(arguments: [true, false])
    func `cancelling a task during COMMIT does not interrupt it`(isTransaction: Bool) async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let number = Int32.random(in: 1...1_000_000)
        try await world.schema.psql(
            """
            CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
              'BEGIN PERFORM pg_advisory_xact_lock(7, \(number)); PERFORM pg_sleep(3); RETURN NULL; END';
            CREATE CONSTRAINT TRIGGER slow AFTER INSERT ON account DEFERRABLE INITIALLY DEFERRED
              FOR EACH ROW EXECUTE FUNCTION slow();
            GRANT USAGE ON SCHEMA \(world.schema.name) TO auth
            """)
        try await world.withPool { pool in
            let insert: @Sendable (PostgresConnection) -> Void = { $0.later(.insert, [.int(1), .text("a")]) }
            let committing = Task {
                if isTransaction { try await pool.transaction(insert) } else { try await pool.run(insert) }
            }
            try await eventually("COMMIT runs") {
                try await pool.run { connection in
                    try connection.query(
                        """
                        SELECT count(*) FROM pg_locks
                        WHERE locktype = 'advisory' AND classid = 7 AND objid = $1::bigint::oid
                        """, [.int(Int64(number))])[0].int(0) > 0
                }
            }
            committing.cancel()
            try await committing.value
            try await world.expectRows(1)
        }
    }

    @Test func `a transaction that was cancelled before COMMIT is rolled back`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            let written = Blocking<Bool>()
            let cancelled = Blocking<Bool>()
            let task = Task {
                try await pool.transaction { connection in
                    try connection.query(.insert, [.int(1), .text("a")])
                    written.put(true)
                    _ = cancelled.take()
                }
            }
            _ = await Task.detached { written.take() }.value
            task.cancel()
            cancelled.put(true)
            await #expect(throws: CancellationError.self) { try await task.value }
            try await world.expectRows(0)
        }
    }

    @Test func `after closing, work fails as closed; running work is finished`() async throws {
        let world = try await PostgresWorld()
        let url = try PostgresURL(parsing: world.schema.url + "&application_name=\(world.schema.name)")
        let pool = PostgresPool(url, connections: 2, logger: PostgresWorld.logger)
        let door = Door()
        let running = door.occupy(pool)
        await door.awaitEntry()
        let closing = Task { await pool.close() }
        try await eventually("new work is refused") {
            try await code { try await pool.run { _ = try $0.query("SELECT 1") } } == .closed
        }
        door.opened.put(true)
        try await running.value
        await closing.value
        try await eventually("the connections are closed") {
            try await world.schema.psql(
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = '\(world.schema.name)'"
            ).trimming == "0"
        }
    }

    @Test func `a body that swallows an error leaves a clean connection`() async throws {
        try await PostgresWorld().withPool(connections: 1) { pool in
            try await pool.run { connection in
                _ = try? connection.query("SELECT 1 / 0")
                connection.later("SET application_name = 'x'")
            }
            let name = try await pool.run {
                try $0.query("SELECT current_setting('application_name')")[0].text(0)
            }
            #expect(name == "x")
        }
    }
}
