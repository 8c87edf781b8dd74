// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthTesting
import PostgresSupport
import Testing

@Suite(.needsPostgres) struct TransactionTests {
    struct Stop: Error {}

    /// The counters of a connection before and after.
    static func counted(
        _ pool: PostgresPool, isReadOnly: Bool = false,
        _ body: @escaping @Sendable (PostgresConnection) throws -> Void
    ) async throws -> (statements: Int, trips: Int) {
        let before = try await pool.run { ($0.statements, $0.roundTrips) }
        try await pool.transaction(isReadOnly: isReadOnly) { try body($0) }
        let after = try await pool.run { ($0.statements, $0.roundTrips) }
        return (after.0 - before.0, after.1 - before.1)
    }

    @Test func `BEGIN goes with the first statement, writes go with COMMIT`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool(connections: 1) { pool in
            // BEGIN, the transaction's id, the query; two writes and COMMIT.
            let both = try await Self.counted(pool) { connection in
                try connection.query(.names)
                connection.later(.insert, [.int(1), .text("a")])
                connection.later(.insert, [.int(2), .text("b")])
            }
            #expect(both == (6, 2))
            let writes = try await Self.counted(pool) { $0.later(.insert, [.int(3), .text("c")]) }
            #expect(writes == (4, 1))
            let reads = try await Self.counted(pool, isReadOnly: true) { try $0.query(.names) }
            #expect(reads == (3, 2))
            let nothing = try await Self.counted(pool) { _ in }
            #expect(nothing == (0, 0))
            try await world.expectRows(3)
        }
    }

    @Test func `an error undoes everything, and the connection is usable`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool(connections: 1) { pool in
            await #expect(throws: Stop.self) {
                try await pool.transaction { connection in
                    try connection.query(.insert, [.int(1), .text("a")])
                    throw Stop()
                }
            }
            let conflict = try await code {
                try await pool.transaction { connection in
                    connection.later(.insert, [.int(1), .text("a")])
                    connection.later(.insert, [.int(1), .text("b")])
                }
            }
            #expect(conflict == .conflict)
            try await world.expectRows(0)
            let count = try await pool.run { try $0.query("SELECT 1").count }
            #expect(count == 1)
        }
    }

    @Test func `after an error every statement of the transaction throws it, and COMMIT too`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.transaction { connection in
                    connection.later(.insert, [.int(1), .text("a")])
                    _ = try? connection.query("SELECT 1 / 0")
                    _ = try connection.query("SELECT 1")
                }
            }
            #expect(error?.state == "22012")
            let ignored = await #expect(throws: PostgresError.self) {
                try await pool.transaction { connection in
                    connection.later(.insert, [.int(1), .text("a")])
                    _ = try? connection.query("SELECT 1 / 0")
                }
            }
            #expect(ignored?.state == "22012")
            try await world.expectRows(0)
        }
    }

    @Test func `a check of a write that was put off is made before COMMIT`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            await #expect(throws: Stop.self) {
                try await pool.transaction { connection in
                    connection.later(.insert, [.int(1), .text("a")])
                    connection.later(.rename, [.int(2), .text("b")]) { if $0 != 1 { throw Stop() } }
                }
            }
            try await world.expectRows(0)
            try await pool.transaction { connection in
                connection.later(.insert, [.int(1), .text("a")]) { #expect($0 == 1) }
            }
            try await world.expectRows(1)
        }
    }

    @Test func `a savepoint undoes its own part only`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            try await pool.transaction { connection in
                connection.later(.insert, [.int(1), .text("a")])
                let error = #expect(throws: PostgresError.self) {
                    try connection.savepoint {
                        connection.later(.insert, [.int(2), .text("b")])
                        connection.later(.insert, [.int(3), .text("a")])
                    }
                }
                #expect(error?.code == .conflict)
                try connection.savepoint { connection.later(.insert, [.int(4), .text("c")]) }
                try? connection.savepoint {
                    try connection.query(.insert, [.int(5), .text("d")])
                    throw Stop()
                }
            }
            let names = try await pool.run { try $0.query(.names).map { try $0.text(0) } }
            #expect(names == ["a", "c"])
            let outside = try await code { try await pool.run { try $0.savepoint {} } }
            #expect(outside == .rejected)
        }
    }

    @Test func `a transaction that only reads sees one moment and cannot write`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            let counts = try await pool.transaction(isReadOnly: true) { connection in
                let before = try connection.query(.names).count
                Self.wait { try await pool.run { _ = try $0.query(.insert, [.int(1), .null]) } }
                return (before, try connection.query(.names).count)
            }
            #expect(counts == (0, 0))
            let refusal = try await code {
                try await pool.transaction(isReadOnly: true) { _ = try $0.query(.insert, [.int(2), .null]) }
            }
            #expect(refusal == .rejected)
            try await world.expectRows(1)
        }
    }

    @Test func `transactions that break each other's reads report a serialization failure`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let url = try PostgresURL(parsing: world.schema.url + "&isolation=serializable")
        try await world.withPool(url) { pool in
            let slower = try await code {
                try await pool.transaction { connection in
                    _ = try connection.query(.names)
                    Self.wait {
                        try await pool.transaction { other in
                            _ = try other.query(.names)
                            other.later(.insert, [.int(1), .null])
                        }
                    }
                    connection.later(.insert, [.int(2), .null])
                }
            }
            #expect(slower == .serialization)
            try await world.expectRows(1)
        }
    }

    @Test func `a wait for a lock longer than 5 s is reported as busy; another limit can be set`()
        async throws
    {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            try await pool.run { _ = try $0.query(.insert, [.int(1), .text("a")]) }
            try await pool.transaction { connection in
                try connection.query(.lock, [.int(1)])
                let code = Self.wait {
                    try await pool.run { other in
                        try other.withTimeout(.milliseconds(100)) {
                            _ = try other.query(.rename, [.int(1), .null])
                        }
                    }
                }
                #expect(code == .busy)
                // The limit is the connection's again.
                let limits = Self.value {
                    try await pool.run { other in
                        try other.query(
                            "SELECT current_setting('lock_timeout'), current_setting('statement_timeout')"
                        )
                        .map { [try $0.text(0), try $0.text(1)] }
                    }
                }
                #expect(limits == [["5s", "30s"]])
            }
        }
    }

    /// Runs an operation from a connection's thread, which may block.
    ///
    /// - Returns: The code of its error.
    @discardableResult
    static func wait(_ operation: @escaping @Sendable () async throws -> Void) -> PostgresError.Code? {
        value { try await code(of: operation) } ?? nil
    }

    static func value<R: Sendable>(_ operation: @escaping @Sendable () async throws -> R) -> R? {
        let box = Blocking<R>()
        Task { box.put(try? await operation()) }
        return box.take()
    }
}
