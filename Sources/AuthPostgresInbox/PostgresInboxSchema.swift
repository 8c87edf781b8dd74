// SPDX-License-Identifier: Apache-2.0
import AuthPostgres

/// The tables of an inbox, and how they are created.
///
/// Each version is one list of statements. A released version never changes; a change is a new version at the end.
enum PostgresInboxSchema {
    // Names are compared and sorted by their bytes, as in SQLite.
    private static let versions: [[PostgresStatement]] = [
        [
            """
            CREATE TABLE auth_inbox (
                handler text COLLATE "C" NOT NULL,
                message_id uuid NOT NULL,
                done_at bigint NOT NULL,
                CONSTRAINT auth_inbox_pkey PRIMARY KEY (handler, message_id)
            )
            """,
            "CREATE INDEX auth_inbox_done ON auth_inbox (done_at)",
            """
            CREATE TABLE auth_inbox_begun (
                message_id uuid NOT NULL,
                handler text COLLATE "C" NOT NULL,
                begun_at bigint NOT NULL,
                CONSTRAINT auth_inbox_begun_pkey PRIMARY KEY (message_id, handler)
            )
            """,
            """
            CREATE TABLE auth_inbox_work (
                queue text COLLATE "C" NOT NULL,
                kind text COLLATE "C" NOT NULL,
                name text COLLATE "C" NOT NULL,
                pattern text COLLATE "C" NOT NULL,
                since bigint NOT NULL,
                until bigint,
                CONSTRAINT auth_inbox_work_pkey PRIMARY KEY (queue, kind, name, pattern, since)
            )
            """,
        ]
    ]

    /// Creates what is missing, in one transaction.
    ///
    /// - Parameter isReadOnly: Only checks.
    static func migrate(_ pool: PostgresPool, isReadOnly: Bool) async throws {
        // Without a lock, and for a user who may not create tables.
        let found = try await pool.run { connection -> Int64? in
            guard try connection.query(.isSchemaPresent).first?.bool(0) == true else { return nil }
            return try version(connection)
        }
        if let found, try isCurrent(found) { return }
        if isReadOnly {
            throw PostgresInboxError(
                .missing, "the database has no inbox of this version; a worker creates it when it starts")
        }
        do {
            try await create(pool)
        } catch let error as PostgresError where ["3F000", "42501"].contains(error.state) {
            throw PostgresInboxError(
                .missing,
                "the database has no inbox, and its tables cannot be created: the schema does not exist, or this "
                    + "user may not create tables in it (\(error.state ?? ""))")
        }
    }

    private static func create(_ pool: PostgresPool) async throws {
        try await repeated {
            try await pool.transaction(isolation: .readCommitted) { connection in
                try connection.query(.lockMigrations)
                try connection.query(.createVersion)
                let done = try version(connection)
                if try isCurrent(done) { return }
                for number in Int(done)..<versions.count {
                    for statement in versions[number] { try connection.query(statement) }
                    try connection.query(.addVersion, [.int(Int64(number) + 1)])
                }
            }
        }
    }

    /// Whether no version is missing.
    private static func isCurrent(_ version: Int64) throws -> Bool {
        if version > Int64(versions.count) {
            throw PostgresInboxError(
                .newerSchema,
                "the inbox has schema version \(version), and this program knows \(versions.count): use a newer program"
            )
        }
        return version == Int64(versions.count)
    }

    /// The newest version that was created; 0 for none.
    private static func version(_ connection: PostgresConnection) throws -> Int64 {
        max(0, try connection.query(.version).first?.optionalInt(0) ?? 0)
    }
}

extension PostgresStatement {
    fileprivate static let isSchemaPresent: PostgresStatement =
        "SELECT to_regclass('auth_inbox_schema') IS NOT NULL"

    // By schema, so that two inboxes of one database do not wait for each other.
    fileprivate static let lockMigrations: PostgresStatement = """
        SELECT pg_advisory_xact_lock(hashtextextended('auth_inbox_schema:' || current_schema(), 0))
        """

    fileprivate static let createVersion: PostgresStatement = """
        CREATE TABLE IF NOT EXISTS auth_inbox_schema (
            version bigint NOT NULL,
            CONSTRAINT auth_inbox_schema_pkey PRIMARY KEY (version)
        )
        """

    fileprivate static let version: PostgresStatement = "SELECT max(version) FROM auth_inbox_schema"
    fileprivate static let addVersion: PostgresStatement =
        "INSERT INTO auth_inbox_schema (version) VALUES ($1)"
}
