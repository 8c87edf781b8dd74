// SPDX-License-Identifier: Apache-2.0
import Foundation
import ToolSupport

/// A PostgreSQL server that belongs to this test process, on a free loopback port, in a temporary directory.
///
/// `Scripts/postgres` starts and stops it. A watchdog process, which waits until this process's end of a pipe closes,
/// kills the server and removes the directory, even after a crash.
///
/// ```swift
/// let schema = try await PrivatePostgres.shared.schema()
/// let pool = PostgresPool(try PostgresURL(parsing: schema.url), logger: logger)
/// ```
public struct PrivatePostgres: Sendable {
    /// The server that all tests of the process share, started on first use; its fsync is off. Each test has a schema
    /// of its own.
    public static var shared: PrivatePostgres {
        get async throws { try await sharedTask.value }
    }
    private static let sharedTask = Task { try await PrivatePostgres.start() }

    /// Whether PostgreSQL is installed. In continuous integration this is always true, so that tests are not skipped.
    public static let isAvailable =
        ProcessInfo.processInfo.environment["CI"] != nil
        || ProcessInfo.processInfo.environment["AUTH_TEST_POSTGRES"] != nil
        || FileManager.default.fileExists(atPath: "/usr/lib/postgresql")

    /// The reason for skipping a test.
    public static let absence = "PostgreSQL is not installed here; Scripts/postgres install does that"

    /// The directory of the server's files; the argument of `Scripts/postgres`.
    public let directory: String
    private let values: [String: String]

    /// `postgres://auth:secret@127.0.0.1:…/auth`; the user owns the database and is not a superuser.
    public var url: String { values["POSTGRES_URL"] ?? "" }
    /// The superuser's URL.
    public var adminURL: String { values["POSTGRES_ADMIN_URL"] ?? "" }
    /// The port of `url`.
    public var port: UInt16 { values["PGPORT"].flatMap { UInt16($0) } ?? 0 }
    /// The folder of the Unix socket.
    public var socketFolder: String { values["PGHOST"] ?? "" }

    /// Starts another server, for tests that would disturb others.
    ///
    /// - Parameter options: the options of `Scripts/postgres start`.
    public static func start(_ options: String...) async throws -> PrivatePostgres {
        // Short, because the path of a Unix socket may have at most 107 bytes.
        let directory = FileManager.default.temporaryDirectory
            .appending(
                path:
                    "postgres-\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...UInt32.max))"
            ).path
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try Watchdog.shared.guardFolder(directory, killedBy: Script.path)
        let output = try await Script.run(["start", directory] + options)
        var values: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        return PrivatePostgres(directory: directory, values: values)
    }

    /// Creates an empty schema for one test.
    public func schema() async throws -> PrivateSchema {
        let name = "t_\(UInt64.random(in: 0...UInt64.max))"
        try await psql("CREATE SCHEMA \(name) AUTHORIZATION auth")
        return PrivateSchema(name: name, server: self)
    }

    /// Runs SQL as the superuser and returns psql's output: a line for each row, with `|` between the values.
    @discardableResult
    public func psql(_ sql: String) async throws -> String {
        try await Script.run(["psql", directory, "-XqAtc", sql])
    }

    /// Stops the server cleanly.
    public func stop() async throws { try await Script.run(["stop", directory]) }

    /// Kills all processes of the server, like a crash.
    public func kill() async throws { try await Script.run(["kill", directory]) }

    /// Starts the server again, on the same port and with its data.
    public func restart() async throws { try await Script.run(["start", directory]) }

    /// Makes a standby the primary.
    public func promote() async throws { try await Script.run(["promote", directory]) }
}

/// A schema of a ``PrivatePostgres`` that belongs to one test.
public struct PrivateSchema: Sendable {
    /// Unique on its server; needs no quotes in SQL.
    public let name: String
    public let server: PrivatePostgres

    /// The server's URL with `?schema=…`.
    public var url: String { "\(server.url)?schema=\(name)" }

    /// The same over another port, such as a proxy's.
    public func url(port: UInt16) -> String {
        url.replacing(":\(server.port)/", with: ":\(port)/")
    }

    /// Runs SQL as the superuser with this schema as the search path, and returns psql's output.
    @discardableResult
    public func psql(_ sql: String) async throws -> String {
        try await server.psql("SET search_path = \(name); \(sql)")
    }

    /// The sequential scans in the generic plan of a statement. They are disabled, so that one is left only if no index
    /// can be used.
    ///
    /// - Parameter types: the types of the parameters in parentheses, if the server cannot infer them.
    public func sequentialScans(of sql: String, types: String = "") async throws -> [String] {
        let count = (1...30).last { sql.contains("$\($0)") } ?? 0
        let values = Array(repeating: "NULL", count: count).joined(separator: ", ")
        let execute = count == 0 ? "s" : "s(\(values))"
        let plan = try await psql(
            """
            SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan;
            PREPARE s \(types) AS \(sql); EXPLAIN (COSTS OFF) EXECUTE \(execute)
            """)
        return plan.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
            .filter { $0.contains("Seq Scan on auth_") }
    }

    /// Runs a statement and returns the tables of which the server has read many rows for it, also in functions and for
    /// foreign keys, whose statements have no plan that a client can ask for.
    ///
    /// - Parameter count: how many rows may be read of each table.
    public func tablesRead(by sql: String, moreThan count: Int) async throws -> [String] {
        // One transaction, since these statistics are the running transaction's.
        let output = try await psql(
            """
            \(sql); SELECT relname FROM pg_stat_xact_user_tables
            WHERE schemaname = current_schema() AND seq_tup_read + coalesce(idx_tup_fetch, 0) > \(count)
            """)
        // Some versions of psql also print the result of the statement.
        return output.split(separator: "\n").map(String.init).filter { $0.hasPrefix("auth_") }
    }

    /// Drops the schema with all its tables; the server ends with the process, so a test need not.
    public func drop() async throws { try await server.psql("DROP SCHEMA \(name) CASCADE") }
}
