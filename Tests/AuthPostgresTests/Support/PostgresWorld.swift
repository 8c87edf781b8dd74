// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthTesting
import BrokerSupport
import Logging
import PostgresSupport
import Testing

/// A schema of one test, and pools for it: directly, or through a proxy that a test can disturb.
struct PostgresWorld: Sendable {
    let schema: PrivateSchema
    let proxy: LoopbackProxy

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Fails fast where a test waits for a deadline.
    static let short = PostgresTimeouts(
        connect: .seconds(5), answer: .seconds(2), outcome: .seconds(10))

    init(_ server: PrivatePostgres? = nil) async throws {
        let server =
            if let server { server } else { try await PrivatePostgres.shared }
        schema = try await server.schema()
        proxy = try LoopbackProxy(to: server.port)
    }

    var url: PostgresURL {
        get throws { try PostgresURL(parsing: schema.url) }
    }

    var proxiedURL: PostgresURL {
        get throws { try PostgresURL(parsing: schema.url(port: proxy.port)) }
    }

    /// Runs `body` with a pool that is closed afterwards.
    func withPool<R: Sendable>(
        _ url: PostgresURL? = nil, connections: Int = 4, queue: Int = 1000, patience: Duration = .seconds(5),
        timeouts: PostgresTimeouts = PostgresTimeouts(),
        isolation: isolated (any Actor)? = #isolation, _ body: (PostgresPool) async throws -> R
    ) async throws -> R {
        let url = if let url { url } else { try self.url }
        let pool = PostgresPool(
            url, connections: connections, queue: queue, patience: patience, timeouts: timeouts,
            logger: Self.logger)
        let result: R
        do {
            result = try await body(pool)
        } catch {
            proxy.close()
            await pool.close()
            throw error
        }
        proxy.close()
        await pool.close()
        return result
    }

    /// Creates `account (id bigint, name text)` with the unique constraint `account_name`.
    func makeTable() async throws {
        try await schema.psql(
            """
            CREATE TABLE account (id bigint CONSTRAINT account_pkey PRIMARY KEY, name text, \
            CONSTRAINT account_name UNIQUE (name)); ALTER TABLE account OWNER TO auth
            """)
    }

    /// Expects a number of rows in `account`, read on another connection.
    func expectRows(_ expected: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let output = try await schema.psql("SELECT count(*) FROM account").trimming
        #expect(output == "\(expected)", sourceLocation: sourceLocation)
    }
}

extension PostgresStatement {
    static let insert: PostgresStatement = "INSERT INTO account (id, name) VALUES ($1, $2)"
    static let rename: PostgresStatement = "UPDATE account SET name = $2 WHERE id = $1"
    static let names: PostgresStatement = "SELECT name FROM account ORDER BY id"
    static let lock: PostgresStatement = "SELECT name FROM account WHERE id = $1 FOR UPDATE"
    static let sleep: PostgresStatement = "SELECT pg_sleep($1)::text FROM (SELECT $1::bigint::float8) AS t"
}

extension String {
    var trimming: String { String(split(separator: "\n").last ?? "") }
}

/// The code of the `PostgresError` that an operation throws; nil if it throws none.
func code(
    isolation: isolated (any Actor)? = #isolation, of operation: () async throws -> Void
) async throws -> PostgresError.Code? {
    do {
        try await operation()
        return nil
    } catch let error as PostgresError {
        return error.code
    }
}
