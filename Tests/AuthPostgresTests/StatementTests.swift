// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import Foundation
import PostgresSupport
import Testing

@Suite(.needsPostgres) struct StatementTests {
    @Test func `values arrive as they were sent`() async throws {
        let id = UUID()
        try await PostgresWorld().withPool { pool in
            let row = try await pool.run { connection in
                try connection.query(
                    "SELECT $1, $2, $3, $4, $5, $6, $7::bigint, $8::smallint",
                    [
                        .bool(true), .int(.min), .int4(-7), .text("é\u{1F600}"), .bytes(Data([0, 255, 10])),
                        .uuid(id),
                        .null, .int(-3),
                    ])[0]
            }
            #expect(try row.bool(0))
            #expect(try row.int(1) == .min)
            #expect(try row.int(2) == -7)
            #expect(try row.text(3) == "é\u{1F600}")
            #expect(try row.bytes(4) == Data([0, 255, 10]))
            #expect(try row.uuid(5) == id)
            #expect(try row.optionalInt(6) == nil)
            #expect(try row.int(7) == -3)
        }
    }

    @Test func `empty values are not NULL`() async throws {
        try await PostgresWorld().withPool { pool in
            let row = try await pool.run { try $0.query("SELECT $1, $2", [.text(""), .bytes(Data())])[0] }
            #expect(try row.optionalText(0) == "")
            #expect(try row.optionalBytes(1) == Data())
        }
    }

    @Test func `arrays arrive as they were sent, with NULLs and without elements`() async throws {
        let id = UUID()
        try await PostgresWorld().withPool { pool in
            let row = try await pool.run { connection in
                try connection.query(
                    PostgresStatement(
                        """
                        SELECT $1::text, $2::text, $3 = ARRAY['\(id)'::uuid], $4[1] = '\\x00ff' AND $4[3] = '',
                          cardinality($5), $2[3]
                        """),
                    [
                        .texts(["a", nil, "", "NULL", "x,\"y"]), .ints([1, nil, .max]), .uuids([id]),
                        .byteses([Data([0, 255]), nil, Data()]), .ints([]),
                    ])[0]
            }
            #expect(try row.text(0) == #"{a,NULL,"","NULL","x,\"y"}"#)
            #expect(try row.text(1) == "{1,NULL,\(Int64.max)}")
            #expect(try row.bool(2))
            #expect(try row.bool(3))
            #expect(try row.int(4) == 0)
            #expect(try row.int(5) == .max)
        }
    }

    @Test func `a column of another type, a NULL and a missing column are errors`() async throws {
        try await PostgresWorld().withPool { pool in
            let rows = try await pool.run { try $0.query("SELECT 1.5, NULL::text, 7::bigint") }
            #expect(rows.count == 1)
            for read in [
                { _ = try rows[0].int(0) }, { _ = try rows[0].text(1) }, { _ = try rows[0].text(2) },
                { _ = try rows[0].int(3) }, { _ = try rows[0].int(-1) }, { _ = try rows[1].int(2) },
            ] as [() throws -> Void] {
                let error = #expect(throws: PostgresError.self) { try read() }
                #expect(error?.code == .unexpectedResult)
            }
        }
    }

    @Test(arguments: ["yes", "no"])
    func `a statement that began with NULL takes values, and NULL again`(prepared: String) async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        let url = try PostgresURL(parsing: world.schema.url + "&prepared=\(prepared)")
        let names = try await world.withPool(url) { pool in
            try await pool.run { connection in
                for (id, name) in [(1, nil), (2, "a"), (3, nil), (4, "b")] as [(Int64, String?)] {
                    connection.later(.insert, [.int(id), .optional(name)])
                    if id % 2 == 0 { try connection.flush() }
                }
                return try connection.query(.names).map { try $0.optionalText(0) }
            }
        }
        #expect(names == [nil, "a", nil, "b"])
    }

    @Test func `what was put off goes with the next statement, in one round trip`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            let (trips, statements, affected) = try await pool.run { connection in
                connection.later(.insert, [.int(1), .text("a")])
                connection.later(.insert, [.int(2), .text("b")])
                #expect(connection.roundTrips == 0)
                let rows = try connection.query("UPDATE account SET name = name || $1", [.text("!")])
                return (connection.roundTrips, connection.statements, rows.affected)
            }
            #expect(trips == 1 && statements == 3 && affected == 2)
        }
    }

    @Test func `outside of a transaction, one round trip is all or nothing`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.run { connection in
                    connection.later(.insert, [.int(1), .text("a")])
                    connection.later(.insert, [.int(2), .text("a")])
                }
            }
            #expect(error?.code == .conflict && error?.constraint == "account_name")
            #expect(error?.table == "account" && error?.state == "23505")
            try await world.expectRows(0)
        }
    }

    @Test func `large values pass in both directions at once`() async throws {
        let size = 3_000_000
        try await PostgresWorld().withPool { pool in
            let sizes = try await pool.run { connection in
                for _ in 0..<3 { connection.later("SELECT $1", [.bytes(Data(repeating: 7, count: size))]) }
                let rows = try connection.query("SELECT $1", [.bytes(Data(repeating: 8, count: size))])
                return (rows.count, try rows[0].bytes(0).count)
            }
            #expect(sizes == (1, size))
        }
    }

    @Test func `too many parameters are refused before anything is sent`() async throws {
        try await PostgresWorld().withPool(connections: 1) { pool in
            let values = [PostgresValue](repeating: .int(1), count: 65_536)
            let refusal = try await code { _ = try await pool.run { try $0.query("SELECT 1", values) } }
            #expect(refusal == .rejected)
            let seven = try await pool.run { try $0.query("SELECT 7::bigint")[0].int(0) }
            #expect(seven == 7)
        }
    }

    @Test func `an error quotes no value`() async throws {
        let world = try await PostgresWorld()
        try await world.makeTable()
        try await world.withPool { pool in
            for (statement, value) in [
                ("SELECT $1::uuid", "geheim"), ("SELECT $1::int", "geheim"),
                ("INSERT INTO account VALUES (1, $1), (2, $1)", "geheim"),
            ] as [(PostgresStatement, String)] {
                let error = await #expect(throws: PostgresError.self) {
                    try await pool.run { try $0.query(statement, [.text(value)]) }
                }
                #expect(error?.state != nil)
                #expect(error.map { "\($0)".contains("geheim") } == false)
            }
        }
    }
}
