// SPDX-License-Identifier: Apache-2.0
package import AuthPostgres
package import AuthStore

/// What an operator has to know about the server of a store, read by `auth-signals check`. An ordinary user may read all
/// of it.
package struct PostgresServerReport: Hashable, Sendable {
    /// The server's version, for example `15.18`.
    package var version: String
    /// The server's version as a number, for example 150018.
    package var versionNumber: Int64
    /// The encoding of the database.
    package var encoding: String
    /// Whether the server refuses writes, as a standby does.
    package var isReadOnly: Bool
    /// The version of TLS of this connection; nil if it is not encrypted.
    package var tls: String?
    /// The schema in which tables are created; nil if no schema of `search_path` exists.
    package var schema: String?
    /// Whether this user may create tables there.
    package var canCreateTables: Bool
    /// Whether `synchronous_standby_names` is set.
    package var waitsForStandby: Bool
    /// `synchronous_commit`
    package var synchronousCommit: String
    /// `fsync`
    package var synchronizes: Bool
    /// How many standbys and other copies receive this server's changes now. Logical subscribers are not counted.
    package var standbys: Int64
    /// How many connections this user may open: the lowest of the limits of the server, the database and the user.
    package var connectionLimit: Int64
    /// When the server was started. It identifies the server: copies of it are started at other times.
    package var started: String = ""
    /// The name of the database.
    package var database: String = ""
    /// The OID of the table `auth_outbox` in `search_path`; nil if it does not exist.
    package var outbox: Int64?

    /// What can lose data or will fail later, in sentences that say what to do.
    ///
    /// - Parameter connections: how many connections one process opens.
    package func warnings(connections: Int) -> [String] {
        var warnings: [String] = []
        if standbys > 0, !waitsForStandby || ["off", "local"].contains(synchronousCommit) {
            warnings.append(
                """
                \(standbys) standby servers are attached and commits wait for none of them: after a failover the last \
                changes can be missing although they were confirmed, and subscribers may have received signals of \
                changes that are lost; set synchronous_standby_names, and synchronous_commit to on
                """)
        }
        if synchronousCommit == "off" {
            warnings.append(
                """
                synchronous_commit is off: after a crash the last changes can be missing although they were confirmed, \
                and subscribers may have received their signals; set it to on
                """)
        }
        if !synchronizes { warnings.append("fsync is off: a power failure can destroy the database") }
        if connectionLimit < connections {
            warnings.append(
                """
                the server allows this user \(connectionLimit) connections and each process opens up to \
                \(connections): raise max_connections (or the limit of the user or the database), or lower \
                STORE_CONNECTIONS
                """)
        }
        return warnings
    }

    /// Compares the connections for leases (this report) with those of the store. A lease is a lock of the store's table,
    /// so both must reach the same one.
    ///
    /// - Throws: ``StoreError`` with code `unsuitable`: what is different.
    package func checkIsSame(as store: PostgresServerReport) throws(StoreError) {
        if started != store.started {
            throw StoreError(.unsuitable, "leads to another server than STORE_URL; use the same server")
        }
        if database != store.database {
            throw StoreError(
                .unsuitable,
                "leads to the database \(database), and STORE_URL to \(store.database); use the same database"
            )
        }
        let isSameSchema =
            outbox == nil && store.outbox == nil ? schema == store.schema : outbox == store.outbox
        if !isSameSchema {
            throw StoreError(
                .unsuitable,
                "leads to the tables of the schema \(schema ?? ""), and STORE_URL to those of "
                    + "\(store.schema ?? ""); use the same parameter schema")
        }
    }

    /// - Throws: ``StoreError`` with code `unsuitable`: why the database cannot hold a store.
    package func check() throws(StoreError) {
        if versionNumber < 140_000 {
            throw StoreError(.unsuitable, "PostgreSQL \(version) is too old; use version 14 or later")
        }
        if encoding != "UTF8" {
            throw StoreError(
                .unsuitable, "the database's encoding is \(encoding); create one with encoding UTF8")
        }
        if isReadOnly { throw StoreError.readOnly }
        if schema == nil {
            throw StoreError(.unsuitable, "no schema of search_path exists; create it with CREATE SCHEMA")
        }
    }
}

extension PostgresServerReport {
    /// Reads the report.
    ///
    /// - Throws: ``StoreError``: `unreachable`, `unsuitable`, …
    package init(from pool: PostgresPool) async throws {
        self = try await StoreError.convertingPostgresErrors {
            try await pool.run { connection in
                guard let row = try connection.query(.serverReport).first else {
                    throw PostgresError(.unexpectedResult, "the server returned no row")
                }
                return try PostgresServerReport(row)
            }
        }
    }

    private init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            version: try row.text(1), versionNumber: try row.int(0), encoding: try row.text(2),
            isReadOnly: try row.bool(3), tls: try row.optionalText(4), schema: try row.optionalText(5),
            canCreateTables: try row.bool(6), waitsForStandby: try row.bool(7),
            synchronousCommit: try row.text(8), synchronizes: try row.text(9) == "on",
            standbys: try row.int(10), connectionLimit: try row.int(11),
            started: try row.text(12), database: try row.text(13), outbox: try row.optionalInt(14))
    }
}

extension PostgresStatement {
    /// Rows of `pg_stat_replication` are visible to everyone, their columns only to monitoring users.
    fileprivate static let serverReport: PostgresStatement = """
        SELECT current_setting('server_version_num')::int, split_part(current_setting('server_version'), ' ', 1),
            current_setting('server_encoding'),
            pg_is_in_recovery() OR current_setting('transaction_read_only')::bool,
            (SELECT s.version FROM pg_stat_ssl s WHERE s.pid = pg_backend_pid() AND s.ssl),
            current_schema()::text, coalesce(has_schema_privilege(current_schema(), 'CREATE'), false),
            current_setting('synchronous_standby_names') <> '', current_setting('synchronous_commit'),
            current_setting('fsync'),
            (SELECT count(*) FROM pg_stat_replication r WHERE NOT EXISTS (
                SELECT FROM pg_replication_slots l WHERE l.active_pid = r.pid AND l.slot_type = 'logical')),
            least(
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
                (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
                (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database())),
            extract(epoch FROM pg_postmaster_start_time())::text, current_database()::text,
            to_regclass('auth_outbox')::oid::bigint
        """
}
