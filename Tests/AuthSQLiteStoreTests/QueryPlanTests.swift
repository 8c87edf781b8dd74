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

/// How SQLite runs the statements of the store, outside of migrations: those that the conformance suites run, the
/// others and those of foreign keys are explained. The cost of a statement that reads a whole table grows with it.
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
        .init("grdb_migrations", "a row for each migration"),
    ]

    private static let copies = StoreTable.all.filter(\.hasRows).map { table in
        QueryPlanCheck.Exception(
            "FROM \(table.name) ORDER BY \(table.columns[0].name)", "a copy of the store reads all rows")
    }

    @Test func `no statement reads a whole table, except the listed ones`() async throws {
        let folder = try TemporaryFolder()
        let statements = Locked<Set<String>>([])
        try await Self.runSuites(in: folder) { sql in statements.change { _ = $0.insert(sql) } }
        try await Self.runOthers(in: folder, statements)
        let (store, limits) = (folder.file("plans.sqlite"), folder.file("plans-limits.sqlite"))
        try await SQLiteStore(path: store, keys: .test, codec: .test).migrate()
        _ = try SQLiteRateLimiter(path: limits)
        try await eventually("the store that has written is closed") {
            !FileManager.default.fileExists(atPath: store + "-wal")
        }
        let files = (store: try DatabaseQueue(path: store), limits: try DatabaseQueue(path: limits))

        let cascades = try await files.store.read { try Self.cascades($0) }
        // GRDB looks for tables in the schema.
        let queries = statements.value.union(cascades).filter { !$0.contains("_master") }
        let check = QueryPlanCheck(except: Self.exceptions + Self.copies, leastStatements: 87)
        try await check.check(queries) { sql in
            let file = sql.contains("auth_attempt") ? files.limits : files.store
            return try await file.read { try Self.scans(of: sql, $0) }
        }
    }

    /// The steps of a plan that read a whole table or index.
    private static func scans(of sql: String, _ database: Database) throws -> [String] {
        let statement = try database.makeStatement(sql: "EXPLAIN QUERY PLAN \(sql)")
        // All parameters are NULL.
        statement.setUncheckedArguments([])
        return try Row.fetchAll(statement).compactMap { row in
            let step: String = row["detail"]
            // A subquery is read as a whole if its own steps are; a virtual table is a list in a parameter; `block` is a
            // list of numbers that the statement computes.
            let isHarmless =
                step.hasPrefix("SCAN (") || step.hasPrefix("SCAN CONSTANT") || step.contains("VIRTUAL")
                || step == "SCAN block"
            return step.hasPrefix("SCAN ") && !isHarmless ? step : nil
        }
    }

    /// What SQLite runs itself, for each foreign key, when a row is deleted.
    private static func cascades(_ database: Database) throws -> [String] {
        try String.fetchAll(
            database,
            sql: """
                SELECT 'DELETE FROM ' || child.name || ' WHERE ' || key."from" || ' = ?'
                FROM sqlite_master AS child, pragma_foreign_key_list(child.name) AS key
                WHERE child.type = 'table'
                """)
    }

    /// Runs the conformance suites of everything that is kept in the store's files.
    private static func runSuites(
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
        for sentence in RateLimiterConformance.sentences {
            let path = folder.file(UUID().uuidString)
            try await sentence.check {
                RateLimiterConformance.Subject(
                    try StatementObserver.$current.withValue(observer) { try SQLiteRateLimiter(path: path) })
            }
        }
    }

    /// Runs what the suites do not: the checks of a start, a backup and its restoration, a copy, and a transaction of
    /// an application. A backup copies pages, and checks them by a PRAGMA: neither has a plan.
    private static func runOthers(
        in folder: TemporaryFolder, _ statements: Locked<Set<String>>
    ) async throws {
        let observer: @Sendable (String) -> Void = { sql in statements.change { _ = $0.insert(sql) } }
        let path = folder.file("others.sqlite")
        try await SQLiteStore(path: path, keys: .test, codec: .test).migrate()
        try await StatementObserver.$current.withValue(observer) {
            let store = try SQLiteStore(path: path, keys: .test, codec: .test)
            try await store.migrate()
            try await store.checkSchema()
            _ = try await store.duplicateEmails()
            _ = try await store.opensEncryptedValues()
            let copied = try SQLiteStore(existing: path, isReadOnly: true, keys: .test, codec: .test)
            try copied.readTables { reader in
                for table in StoreTable.all { try reader.forEachBatch(of: table, limit: 1) { _ in } }
            }

            var receivers = SignalHandlers()
            receivers.on(ThingHappened.self, as: "ignored") { _, _ in }
            let pool = try SQLiteFile(path, label: "application").openPool()
            let embedded = try SQLiteStore(
                pool: pool, keys: .test, codec: .test, receivers: receivers, clock: FixedClock(),
                mailWarningDelay: .milliseconds(20))
            try await pool.write { database in
                let transaction = embedded.joining(database)
                try transaction.emit(ThingHappened(1))
                try transaction.queue(MailDraft(.emailConfirmation, to: "a@example.org", values: [:]))
            }
            try await eventually("unattended mails are counted") {
                statements.value.contains { $0.contains("AS oldest FROM auth_mail") }
            }
            await embedded.receiversFinished()
        }
    }
}
