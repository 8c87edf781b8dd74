// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import GRDB
import SQLiteSupport
import Testing

/// How SQLite runs the statements of the store: all that the conformance suites run are explained. The cost of a
/// statement that reads a whole table grows with the table.
@Suite struct QueryPlanTests {
    private static let exceptions: [QueryPlanCheck.Exception] = [
        .init("auth_outbox_count", "a table of one row"),
        .init("auth_housekeeping", "a table of one row"),
        .init("FROM sqlite_sequence", "a table of one row for each numbered table"),
        .init("ORDER BY sequence LIMIT 1", "ends at the first row"),
        .init("ORDER BY sequence DESC LIMIT 1", "ends at the first row"),
        .init("SELECT id, draft FROM auth_mail", "recipients are encrypted"),
        .init("DESC LIMIT 20", "ends after 20 rows"),
        .init("FROM auth_email_address WHERE is_duplicate", "an index of the duplicates only"),
        .init("SELECT count(*) FROM", "verification by an operator counts all rows"),
    ]

    @Test func `no statement reads a whole table, except the listed ones`() async throws {
        let folder = try TemporaryFolder()
        let statements = Locked<Set<String>>([])
        try await Self.runAll(in: folder) { sql in statements.change { _ = $0.insert(sql) } }
        let (store, limits) = (folder.file("plans.sqlite"), folder.file("plans-limits.sqlite"))
        try await SQLiteStore(path: store, keys: .test, codec: .test).migrate()
        _ = try SQLiteRateLimiter(path: limits)
        let files = (store: try DatabaseQueue(path: store), limits: try DatabaseQueue(path: limits))

        // Not GRDB's own, and not those of opening the file.
        let others = ["grdb_migrations", "sqlite_master", "pragma_"]
        let queries = statements.value.filter { sql in !others.contains { sql.contains($0) } }
        try await QueryPlanCheck(except: Self.exceptions, leastStatements: 61).check(queries) { sql in
            let file = sql.contains("auth_attempt") ? files.limits : files.store
            return try await file.read { try Self.scans(of: sql, $0) }
        }
    }

    /// The steps of a plan that read a whole table or index.
    private static func scans(of sql: String, _ database: Database) throws -> [String] {
        let values = StatementArguments(Array(repeating: Int?.none, count: sql.count { $0 == "?" }))
        return try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: values).compactMap {
            row in
            let step: String = row["detail"]
            // A subquery is read as a whole if its own steps are; a virtual table is a list in a parameter; `block` is a
            // list of numbers that the statement computes.
            let isHarmless =
                step.hasPrefix("SCAN (") || step.hasPrefix("SCAN CONSTANT") || step.contains("VIRTUAL")
                || step == "SCAN block"
            return step.hasPrefix("SCAN ") && !isHarmless ? step : nil
        }
    }

    /// Runs the conformance suites of everything that is kept in the store's files.
    private static func runAll(
        in folder: TemporaryFolder, _ observer: @escaping @Sendable (String) -> Void
    ) async throws {
        @Sendable func open(_ path: String, _ options: TestDatabase.Options) throws -> SQLiteStore {
            try SQLiteStore(
                path: path, keys: options.keys, codec: options.codec, receivers: options.receivers,
                retention: options.retention, clock: options.clock)
        }
        @Sendable func database() -> TestDatabase {
            let path = folder.file(UUID().uuidString)
            return TestDatabase { options in
                // The statements of migrations are not observed.
                try await open(path, options).migrate()
                return try StatementObserver.$current.withValue(observer) { try open(path, options) }
            }
        }
        for sentence in AccountStoreConformance.sentences { try await sentence.check { database() } }
        for sentence in MailQueueConformance.sentences { try await sentence.check { database() } }
        for sentence in OperatedStoreConformance.sentences { try await sentence.check { database() } }
        for sentence in OutboxConformance.sentences {
            let path = folder.file(UUID().uuidString)
            try await open(path, TestDatabase.Options()).migrate()
            try await sentence.check {
                ConformanceTests.subject(
                    try StatementObserver.$current.withValue(observer) {
                        try open(path, TestDatabase.Options())
                    })
            }
        }
        // What the suites do not call.
        let store = try await database().open(TestDatabase.Options())
        _ = try await store.duplicateEmails()
        _ = try await (store as? SQLiteStore)?.opensEncryptedValues()
        for sentence in RateLimiterConformance.sentences {
            let path = folder.file(UUID().uuidString)
            try await sentence.check {
                RateLimiterConformance.Subject(
                    try StatementObserver.$current.withValue(observer) { try SQLiteRateLimiter(path: path) })
            }
        }
    }
}
