// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthStore

extension PostgresStore {
    /// Creates the tables or brings them up to date. Any number of processes may call it at the same time: each migration
    /// is one transaction under a lock, and a process that waited for it finds the migration done.
    ///
    /// - Throws: `StoreError`: `newerSchema` if a newer version of this program has migrated the store; `unsuitable` if
    ///   the schema of the URL does not exist; `refused` if its user may not log in or create tables.
    public func migrate() async throws {
        try await migrate(with: PostgresMigration.all)
    }

    func migrate(with migrations: [PostgresMigration]) async throws {
        try await StoreError.convertingPostgresErrors {
            // Most starts find everything done, and need no lock.
            let done = try await pool.transaction(isReadOnly: true) { try Self.appliedMigrations($0) }
            try Self.checkNotNewer(done, than: migrations)
            for migration in migrations where !done.contains(migration.name) {
                try await run(migration, of: migrations)
            }
        }
    }

    /// Whether the schema is up to date.
    ///
    /// - Throws: `StoreError`: `outdatedSchema`, `newerSchema`, or the reason why it cannot be read.
    public func checkSchema() async throws {
        try await StoreError.convertingPostgresErrors {
            let done = try await pool.transaction(isReadOnly: true) { try Self.appliedMigrations($0) }
            try Self.checkNotNewer(done, than: PostgresMigration.all)
            if PostgresMigration.all.contains(where: { !done.contains($0.name) }) {
                throw StoreError(.outdatedSchema, "the store requires a migration: run auth-signals migrate")
            }
        }
    }

    /// Checks that the server replies and accepts writes.
    ///
    /// - Throws: `StoreError`: `unreachable`, `busy`, …
    public func checkReachable() async throws {
        try await StoreError.convertingPostgresErrors {
            let isReadOnly = try await pool.run { try $0.query(.isReadOnly).first?.bool(0) ?? true }
            if isReadOnly { throw StoreError.readOnly }
        }
    }

    private func run(_ migration: PostgresMigration, of migrations: [PostgresMigration]) async throws {
        // After it has waited for the lock, the transaction must see what the other process has done.
        try await pool.transaction(isolation: .readCommitted) { connection in
            // Another process may be migrating a large table.
            try connection.withTimeout(.seconds(3600)) {
                try connection.query(.lockMigrations)
                guard try connection.query(.currentSchema).first?.optionalText(0) != nil else {
                    throw StoreError(
                        .unsuitable, "the schema that STORE_URL names does not exist; create it first")
                }
                try connection.query(.createMigrations)
                let done = try Self.appliedMigrations(connection)
                try Self.checkNotNewer(done, than: migrations)
                if done.contains(migration.name) { return }
                for statement in migration.statements { connection.later(PostgresStatement(statement)) }
                try connection.query(.noteMigration, [.text(migration.name)])
            }
        }
    }

    private static func appliedMigrations(_ connection: PostgresConnection) throws -> Set<String> {
        guard try connection.query(.hasMigrations).first?.bool(0) ?? false else { return [] }
        return Set(try connection.query(.migrations).map { try $0.text(0) })
    }

    private static func checkNotNewer(_ done: Set<String>, than migrations: [PostgresMigration]) throws {
        let known = Set(migrations.map(\.name))
        if done.isSubset(of: known) { return }
        throw StoreError(
            .newerSchema,
            "a newer version of this program has migrated the store; use that version or a later one")
    }
}

extension PostgresStatement {
    fileprivate static let lockMigrations: PostgresStatement = """
        SELECT pg_advisory_xact_lock(hashtextextended('auth_migrate:' || coalesce(current_schema(), ''), 0))
        """
    fileprivate static let currentSchema: PostgresStatement = "SELECT current_schema()::text"
    fileprivate static let createMigrations: PostgresStatement = """
        CREATE TABLE IF NOT EXISTS auth_migration (
            name text NOT NULL CONSTRAINT auth_migration_pkey PRIMARY KEY,
            ran_at timestamptz NOT NULL DEFAULT now()
        )
        """
    fileprivate static let hasMigrations: PostgresStatement =
        "SELECT to_regclass('auth_migration') IS NOT NULL"
    fileprivate static let migrations: PostgresStatement = "SELECT name FROM auth_migration"
    fileprivate static let noteMigration: PostgresStatement = "INSERT INTO auth_migration (name) VALUES ($1)"
    fileprivate static let isReadOnly: PostgresStatement =
        "SELECT pg_is_in_recovery() OR current_setting('transaction_read_only')::boolean"
}
