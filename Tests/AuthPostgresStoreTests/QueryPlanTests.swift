// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
@testable import AuthPostgresStore
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Synchronization
import Testing

/// How PostgreSQL runs the statements of the store, outside of migrations: those that the conformance suites run and
/// the others are explained, with sequential scans disabled, so that one is left only where no index exists. The cost
/// of such a statement grows with its table.
@Suite(.needsPostgres) struct QueryPlanTests {
    private static let exceptions: [QueryPlanCheck.Exception] = [
        .init("SELECT (SELECT count(*) FROM auth_outbox),", "verification by an operator counts all rows"),
        .init("GROUP BY value HAVING count(*) > 1", "verification by an operator compares all rows"),
        .init("count(failed_at) FROM auth_mail", "counts the mail queue, which is short"),
        .init("HAVING max(position) > 0", "runs once, after a copy of all rows"),
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
        try await Self.runAll(statements)
        let schema = try await PrivatePostgres.shared.schema()
        try await TestStore(schema: schema).store.migrate()

        try await QueryPlanCheck(except: Self.exceptions, leastStatements: 125).check(statements.value) {
            sql in
            let types = Self.types.first { sql.contains($0.key) }?.value ?? ""
            return try await schema.sequentialScans(of: sql, types: types).filter { step in
                !Self.singleRows.contains { "\(step) ".contains(" on \($0) ") }
            }
        }
        try await schema.drop()
    }

    // A client does not see these statements.
    @Test func `no statement of a function or of a foreign key reads a whole table`() async throws {
        let test = try await TestStore.make()
        try await test.schema.psql(
            """
            INSERT INTO auth_user (id, username_key, is_active, date_joined)
                SELECT gen_random_uuid(), n::text, true, 0 FROM generate_series(1, 1000) AS n;
            INSERT INTO auth_pending_signup SELECT id FROM auth_user;
            INSERT INTO auth_email_address (id, user_id, email, email_key, verified, is_primary)
                SELECT id, id, username_key, username_key, false, false FROM auth_user;
            INSERT INTO auth_session
                (id, token_hash, user_id, client, created_at, expires_at, last_seen_at, state)
                SELECT id, sha256(uuid_send(id)), id, 'app', 0, 0, 0, '' FROM auth_user;
            INSERT INTO auth_social_account (id, user_id, provider, uid, date_joined, extra_data)
                SELECT id, id, 'example', username_key, 0, '' FROM auth_user;
            INSERT INTO auth_social_token SELECT id, '' FROM auth_social_account;
            INSERT INTO auth_attempt (bucket, per, expires_at) SELECT username_key, 1000, 1000 FROM auth_user
            """)
        for sql in [
            "SELECT auth_consume(ARRAY['7'], ARRAY[2::bigint], ARRAY[1000::bigint], 0, 0)",
            "DELETE FROM auth_user WHERE username_key = '7'",
        ] {
            #expect(try await test.schema.tablesRead(by: sql, moreThan: 10) == [], "\(sql)")
        }
        try await test.schema.drop()
    }

    /// Runs the conformance suites of everything that is kept in the store's schema, and what they do not run.
    private static func runAll(_ statements: Locked<Set<String>>) async throws {
        let observer: @Sendable (PostgresStatement) -> Void = { statement in
            statements.change { _ = $0.insert(statement.sql) }
        }
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
        try await check { open in
            let store = try open(TestDatabase.Options())
            _ = try await store.copy(from: MemoryTables.sample())
            try await store.migrate()
            try await store.checkSchema()
            try await store.checkReachable()
            _ = try await PostgresServerReport(from: store.pool)
            _ = try await store.duplicateEmails()
            _ = try await store.continueAfterRestore()

            let lease = try await StatementObserver.$current.withValue(observer) {
                try await store.acquireRelayLease()
            }
            let session = try #require(store.relayLease.session)
            session.floor.withLock { $0.period = .zero }
            // The floor is raised by the second read.
            for _ in 1...2 { _ = try await store.rows(after: 0, limit: 1, now: Date()) }
            lease.release()

            let embedded = try PostgresStore(
                pool: store.pool, keys: .test, codec: .test, mailWarningDelay: .milliseconds(20),
                logger: logger)
            try await embedded.transaction { transaction in
                try transaction.queue(MailDraft(.emailConfirmation, to: "a@example.org", values: [:]))
            }
            try await eventually("unattended mails are counted") {
                statements.value.contains { $0.contains("min(queued_at), EXISTS") }
            }
        }
    }
}
