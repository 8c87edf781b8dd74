// SPDX-License-Identifier: Apache-2.0
public import GRDB

extension SQLiteStore {
    /// The store's migrations, for a store in its own file.
    public static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        registerMigrations(in: &migrator)
        return migrator
    }

    /// Adds the store's migrations to an application's own, so that one migrator brings the whole file up to date.
    ///
    /// The names of the migrations and their tables begin with `auth_`.
    public static func registerMigrations(in migrator: inout DatabaseMigrator) {
        for migration in migrations {
            migrator.registerMigration(migration.name) { try migration.run($0) }
        }
    }

    /// The names of the migrations that this version knows.
    static var knownMigrations: [String] { migrations.map(\.name) }

    /// The prefix of the migration names of all versions.
    static let migrationPrefix = "auth_store_"

    private static let migrations: [Migration] = [
        Migration("auth_store_1") { try $0.execute(sql: accounts + outbox + mail) },
        Migration("auth_store_2") { try $0.execute(sql: socialAccounts) },
        Migration("auth_store_3") { try $0.execute(sql: outboxOperator) },
        Migration("auth_store_4") { try $0.execute(sql: restoration + subjectsInLowerCase) },
        Migration("auth_store_5", NameKeys.migrate),
        Migration("auth_store_6") { try $0.execute(sql: housekeeping) },
        Migration("auth_store_7") { try $0.execute(sql: oneTimeTokens + bitbucketAccountIDs) },
        Migration("auth_store_8") { try $0.execute(sql: pendingSignups) },
        Migration("auth_store_9") { try $0.execute(sql: languages) },
        Migration("auth_store_10") { try $0.execute(sql: subjectsByBlock) },
        Migration("auth_store_11") { try $0.execute(sql: waitingMails) },
    ]

    private struct Migration: Sendable {
        var name: String
        var run: @Sendable (Database) throws -> Void

        init(_ name: String, _ run: @escaping @Sendable (Database) throws -> Void) {
            self.name = name
            self.run = run
        }
    }

    // STRICT tables, because SQLite otherwise stores a value of any type in any column.

    private static let accounts = """
        CREATE TABLE auth_user (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            username TEXT,
            username_key TEXT UNIQUE,
            is_active INTEGER NOT NULL,
            date_joined INTEGER NOT NULL,
            last_login INTEGER,
            password_hash TEXT
        ) STRICT;

        CREATE TABLE auth_email_address (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            user_id BLOB NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
            email TEXT NOT NULL,
            verified INTEGER NOT NULL,
            is_primary INTEGER NOT NULL,
            UNIQUE (user_id, email)
        ) STRICT;
        CREATE INDEX auth_email_address_email ON auth_email_address (email);
        CREATE UNIQUE INDEX auth_email_address_verified ON auth_email_address (email) WHERE verified;
        CREATE UNIQUE INDEX auth_email_address_primary ON auth_email_address (user_id) WHERE is_primary;

        CREATE TABLE auth_session (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            token_hash BLOB NOT NULL UNIQUE CHECK (length(token_hash) = 32),
            user_id BLOB REFERENCES auth_user (id) ON DELETE CASCADE,
            client TEXT NOT NULL,
            created_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            last_seen_at INTEGER NOT NULL,
            ip TEXT,
            user_agent TEXT,
            state BLOB NOT NULL
        ) STRICT;
        CREATE INDEX auth_session_user ON auth_session (user_id) WHERE user_id IS NOT NULL;
        CREATE INDEX auth_session_expiry ON auth_session (expires_at);

        """

    // AUTOINCREMENT: a number is never reused, and `sqlite_sequence` counts all rows that were ever emitted.
    // `data` comes last, so that reading the other columns does not touch its overflow pages.
    private static let outbox = """
        CREATE TABLE auth_outbox (
            sequence INTEGER PRIMARY KEY AUTOINCREMENT,
            message_id BLOB NOT NULL UNIQUE CHECK (length(message_id) = 16),
            name TEXT NOT NULL,
            schema_version INTEGER NOT NULL,
            subject TEXT,
            time INTEGER NOT NULL,
            correlation_id BLOB NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            not_before INTEGER NOT NULL DEFAULT 0,
            last_error TEXT,
            trace BLOB,
            data BLOB NOT NULL
        ) STRICT;
        CREATE INDEX auth_outbox_due ON auth_outbox (not_before) WHERE not_before > 0;
        CREATE INDEX auth_outbox_subject ON auth_outbox (subject) WHERE subject IS NOT NULL;

        CREATE TABLE auth_outbox_history (
            sequence INTEGER PRIMARY KEY,
            message_id BLOB NOT NULL,
            name TEXT NOT NULL,
            schema_version INTEGER NOT NULL,
            subject TEXT,
            time INTEGER NOT NULL,
            correlation_id BLOB NOT NULL,
            attempts INTEGER NOT NULL,
            result TEXT NOT NULL CHECK (result IN ('confirmed', 'unrouted')),
            settled_at INTEGER NOT NULL,
            trace BLOB,
            data BLOB NOT NULL
        ) STRICT;

        CREATE TABLE auth_outbox_parked (
            sequence INTEGER PRIMARY KEY,
            message_id BLOB NOT NULL,
            name TEXT NOT NULL,
            schema_version INTEGER NOT NULL,
            subject TEXT,
            time INTEGER NOT NULL,
            correlation_id BLOB NOT NULL,
            attempts INTEGER NOT NULL,
            reason TEXT NOT NULL,
            settled_at INTEGER NOT NULL,
            trace BLOB,
            data BLOB NOT NULL
        ) STRICT;

        CREATE TABLE auth_outbox_count (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            confirmed INTEGER NOT NULL DEFAULT 0,
            unrouted INTEGER NOT NULL DEFAULT 0,
            parked INTEGER NOT NULL DEFAULT 0,
            purged INTEGER NOT NULL DEFAULT 0
        ) STRICT;
        INSERT INTO auth_outbox_count (only) VALUES (1);

        """

    private static let outboxOperator = """
        ALTER TABLE auth_outbox_count ADD COLUMN erased INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_outbox_count ADD COLUMN paused_at INTEGER;
        """

    // `skipped`: the count of numbers without a signal, because the store was restored from a backup.
    private static let restoration = """
        ALTER TABLE auth_outbox_count ADD COLUMN skipped INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE auth_outbox_count ADD COLUMN restored_at INTEGER;

        """

    /// Older versions stored UUID subjects in the case that the application used; see `String.asSubject`.
    private static let subjectsInLowerCase: String = [
        "auth_outbox", "auth_outbox_history", "auth_outbox_parked",
    ].map {
        let digit = "[0-9A-Fa-f]"
        let uuid = [8, 4, 4, 4, 12].map { String(repeating: digit, count: $0) }.joined(separator: "-")
        return """
            UPDATE \($0) SET subject = lower(subject)
            WHERE subject GLOB '*[A-F]*' AND subject GLOB '\(uuid)';

            """
    }.joined()

    // When old rows were last deleted, and whether a run since then doubted the clock.
    private static let housekeeping = """
        CREATE TABLE auth_housekeeping (
            only INTEGER PRIMARY KEY CHECK (only = 1),
            ran_at INTEGER,
            doubted_at INTEGER,
            doubted_by TEXT
        ) STRICT;
        INSERT INTO auth_housekeeping (only) VALUES (1);

        """

    private static let mail = """
        CREATE TABLE auth_mail (
            position INTEGER PRIMARY KEY AUTOINCREMENT,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            queued_at INTEGER NOT NULL,
            due_at INTEGER NOT NULL,
            attempts INTEGER NOT NULL DEFAULT 0,
            failed_at INTEGER,
            last_error TEXT,
            draft BLOB NOT NULL
        ) STRICT;
        CREATE INDEX auth_mail_due ON auth_mail (due_at) WHERE failed_at IS NULL;
        CREATE INDEX auth_mail_failed ON auth_mail (failed_at) WHERE failed_at IS NOT NULL;
        """

    private static let socialAccounts = """
        CREATE TABLE auth_social_account (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),
            user_id BLOB NOT NULL REFERENCES auth_user (id) ON DELETE CASCADE,
            provider TEXT NOT NULL,
            uid TEXT NOT NULL,
            date_joined INTEGER NOT NULL,
            last_login INTEGER,
            extra_data BLOB NOT NULL,
            UNIQUE (provider, uid)
        ) STRICT;
        CREATE INDEX auth_social_account_user ON auth_social_account (user_id);

        CREATE TABLE auth_social_token (
            account_id BLOB PRIMARY KEY REFERENCES auth_social_account (id) ON DELETE CASCADE,
            token BLOB NOT NULL
        ) STRICT;

        """

    private static let oneTimeTokens = """
        CREATE TABLE auth_one_time_token (
            id BLOB PRIMARY KEY CHECK (length(id) = 32),
            expires_at INTEGER NOT NULL
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX auth_one_time_token_expiry ON auth_one_time_token (expires_at);

        """

    // The users who have signed up and have had no proved address yet: the row is deleted with the emission of
    // `signup_completed`. Users of an earlier version have no row, since imported users cannot be told from others.
    private static let pendingSignups = """
        CREATE TABLE auth_pending_signup (
            user_id BLOB PRIMARY KEY REFERENCES auth_user (id) ON DELETE CASCADE
        ) STRICT, WITHOUT ROWID;

        """

    // In an index by subject alone, rows with successive numbers are on different pages, so settling a row of a long
    // outbox wrote a page of the index. In an index by block of 4,096 numbers they share pages
    // (`OutboxColumns.ofSubject`).
    private static let subjectsByBlock = """
        DROP INDEX auth_outbox_subject;
        CREATE INDEX auth_outbox_subject ON auth_outbox (sequence >> 12, subject) WHERE subject IS NOT NULL;
        """

    // The code of the user's language. Nothing else is known of the users of an earlier version, whose language is NULL.
    private static let languages = "ALTER TABLE auth_user ADD COLUMN language TEXT;"

    // Bitbucket accounts were stored by username, which can be released and taken by another person. The stored profile
    // contains the id, which never changes; accounts that were configured with another `uid_field` are not changed.
    private static let bitbucketAccountIDs = """
        UPDATE OR IGNORE auth_social_account
        SET uid = json_extract(CAST(extra_data AS TEXT), '$.account_id')
        WHERE provider = 'bitbucket_oauth2' AND json_valid(CAST(extra_data AS TEXT))
            AND json_type(CAST(extra_data AS TEXT), '$.account_id') = 'text'
            AND json_extract(CAST(extra_data AS TEXT), '$.account_id') <> ''
            AND json_extract(CAST(extra_data AS TEXT), '$.username') = uid;
        """

    // The waiting mails in the order of their positions, without the failed ones, which stay until an operator deletes
    // them.
    private static let waitingMails = """
        CREATE INDEX auth_mail_waiting ON auth_mail (failed_at) WHERE failed_at IS NULL;
        """
}
