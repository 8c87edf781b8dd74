// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import Logging
import PostgresSupport
import ProgramSupport
import Testing
import ToolSupport

extension Installation {
    /// Opens the store of the installation in this process, with its schema.
    ///
    /// - Parameter secret: the installation's `SECRET_KEY`.
    func openStore(secret: String = String(repeating: "k", count: 32)) async throws -> any OperatedStore {
        let (keys, codec) = (KeyRing(secret: secret), SignalCodec(source: "http://accounts.test"))
        let store: any OperatedStore
        if TestStore.isPostgres {
            var logger = Logger(label: "test")
            logger.logLevel = .critical
            let url = try PostgresURL(parsing: try #require(environment["STORE_URL"]))
            store = try PostgresStore(
                pool: PostgresPool(url, connections: 2, logger: logger), keys: keys, codec: codec,
                logger: logger)
        } else {
            store = try SQLiteStore(path: folder.path("auth.sqlite"), keys: keys, codec: codec)
        }
        try await store.migrate()
        return store
    }

    /// The rows of every table of a store in PostgreSQL, as text.
    func storeTables() async throws -> [(name: String, bytes: Data)] {
        let url = try PostgresURL(parsing: try #require(environment["STORE_URL"]))
        let schema = try #require(url.schema)
        let server = try await PrivatePostgres.shared
        let names = try await server.psql(
            "SELECT tablename FROM pg_tables WHERE schemaname = '\(schema)' AND tablename LIKE 'auth%'")
        var tables: [(name: String, bytes: Data)] = []
        for name in names.split(separator: "\n") {
            let rows = try await server.psql("SELECT t::text FROM \(schema).\(name) AS t")
            tables.append((String(name), Data(rows.utf8)))
        }
        return tables
    }
}
