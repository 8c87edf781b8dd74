// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Testing

/// How PostgreSQL runs the statements of the store: all that the conformance suites run are explained, with sequential
/// scans disabled, so that one is left only where no index exists. The cost of such a statement grows with its table.
@Suite(.needsPostgres) struct QueryPlanTests {
    private static let exceptions: [QueryPlanCheck.Exception] = [
        .init("SELECT (SELECT count(*) FROM auth_outbox),", "verification by an operator counts all rows"),
        .init("GROUP BY value HAVING count(*) > 1", "verification by an operator compares all rows"),
        .init("count(failed_at) FROM auth_mail", "counts the mail queue, which is short"),
    ]

    /// Tables that have one row.
    private static let singleRows = ["auth_outbox_count", "auth_housekeeping"]

    /// The types of parameters that the server cannot infer.
    private static let types = [
        "unnest($1, $2, $3)": "(bigint[], bigint[], text[])",
        "unnest($1, $2, $3, $4)": "(bigint[], bigint[], text[], text[])",
    ]

    @Test func `no statement needs a sequential scan, except the listed ones`() async throws {
        let statements = Locked<Set<String>>([])
        try await Self.runAll { statement in statements.change { _ = $0.insert(statement.sql) } }
        let schema = try await PrivatePostgres.shared.schema()
        try await TestStore(schema: schema).store.migrate()

        try await QueryPlanCheck(except: Self.exceptions, leastStatements: 61).check(statements.value) {
            sql in
            let types = Self.types.first { sql.contains($0.key) }?.value ?? ""
            return try await schema.sequentialScans(of: sql, types: types).filter { step in
                !Self.singleRows.contains { "\(step) ".contains(" on \($0) ") }
            }
        }
        try await schema.drop()
    }

    /// Runs the conformance suites of everything that is kept in the store's schema.
    private static func runAll(_ observer: @escaping @Sendable (PostgresStatement) -> Void) async throws {
        var quiet = Logger(label: "test")
        quiet.logLevel = .critical
        let logger = quiet

        /// Runs a check with a way to make pools on an empty schema; the statements of migrations are not observed.
        func check(
            _ body: (_ open: @escaping @Sendable (TestDatabase.Options) throws -> PostgresStore) async throws
                -> Void
        ) async throws {
            let test = try await TestStore.make()
            let pools = Locked<[PostgresPool]>([test.pool])
            let outcome: Result<Void, any Error>
            do {
                try await body { options in
                    let url = try PostgresURL(parsing: test.schema.url)
                    let pool = StatementObserver.$current.withValue(observer) {
                        PostgresPool(
                            url, connections: 6, queue: 10_000, patience: .seconds(60), logger: logger)
                    }
                    pools.change { $0.append(pool) }
                    return try PostgresStore(
                        pool: pool, keys: options.keys, codec: options.codec, receivers: options.receivers,
                        retention: options.retention, clock: options.clock, logger: logger)
                }
                outcome = .success(())
            } catch { outcome = .failure(error) }
            for pool in pools.value { await pool.close() }
            try await test.schema.drop()
            try outcome.get()
        }

        for sentence in AccountStoreConformance.sentences {
            try await check { open in try await sentence.check { TestDatabase(open: open) } }
        }
        for sentence in MailQueueConformance.sentences {
            try await check { open in try await sentence.check { TestDatabase(open: open) } }
        }
        for sentence in OperatedStoreConformance.sentences {
            try await check { open in try await sentence.check { TestDatabase(open: open) } }
        }
        for sentence in OutboxConformance.sentences {
            try await check { open in
                try await sentence.check {
                    OutboxConformanceTests.subject(try open(TestDatabase.Options()))
                }
            }
        }
        for sentence in RateLimiterConformance.sentences {
            try await check { open in
                let store = try open(TestDatabase.Options())
                try await sentence.check {
                    RateLimiterConformance.Subject(PostgresRateLimiter(pool: store.pool))
                }
            }
        }
        // What the suites do not call.
        try await check { open in _ = try await open(TestDatabase.Options()).duplicateEmails() }
    }
}
