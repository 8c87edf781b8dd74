// SPDX-License-Identifier: Apache-2.0
#if PostgreSQL
    import AuthFlows
    import AuthPostgres
    import AuthPostgresStore
    import AuthServiceKit
    import AuthSignals
    import AuthStore
    import Logging

    /// A store in a PostgreSQL database, for any number of hosts. The secret key is a setting, which all hosts share.
    struct PostgresBackend: StoreBackend {
        /// How many connections an operator's command opens.
        private static let commandConnections = 2
        /// How many connections a service opens for its leases: that of the relay and that of the mail loop.
        private static let leases = 2
        /// How long running statements are waited for at the end of a process, whose services have ended by then.
        private static let closing = Duration.seconds(1)

        private let url: PostgresURL
        private let leaseURL: PostgresURL
        private let settings: InstallationSettings

        /// - Throws: ``ProcessFailure`` with code 2 for an invalid URL.
        init(url text: String, settings: InstallationSettings) throws {
            self.settings = settings
            do {
                url = try PostgresURL(parsing: text)
                leaseURL = try settings.store.leaseURL?.postgres.map(PostgresURL.init(parsing:)) ?? url
            } catch {
                throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
            }
        }

        /// Reports URLs that cannot be used.
        static func check(_ url: String, _ leaseURL: StoreURL?, _ reader: inout SettingsReader) {
            for (name, text) in [("STORE_URL", url), ("STORE_LEASE_URL", leaseURL?.postgres)] {
                guard let text else { continue }
                do { _ = try PostgresURL(parsing: text) } catch {
                    reader.fault(name, "is invalid: \(error.message)")
                }
            }
        }

        var location: String { url.description }

        func open() throws -> OpenedStore { try opened(connections: settings.store.connections).opened }

        func openExisting(isReadOnly: Bool) throws -> OpenedStore {
            try opened(connections: Self.commandConnections).opened
        }

        func check(_ report: (String) -> Void) async throws {
            let (opened, pool) = try opened(connections: Self.commandConnections)
            do {
                try await check(opened.store, pool, report)
                await pool.close()
            } catch {
                await pool.close()
                throw error
            }
        }

        private func check(_ store: any OperatedStore, _ pool: PostgresPool, _ report: (String) -> Void)
            async throws
        {
            let server = try await PostgresServerReport(from: pool)
            report("postgresql: \(server.version), \(server.tls ?? "not encrypted (this host)")")
            try server.check()
            for warning in server.warnings(connections: settings.store.connections + Self.leases) {
                report("warning: postgresql: \(warning)")
            }
            if leaseURL != url { try await checkLeaseServer(against: server) }
            do {
                try await store.checkSchema()
            } catch let error as StoreError where error.code == .outdatedSchema {
                guard server.canCreateTables else {
                    throw StoreError(
                        .unsuitable,
                        "the tables are missing or outdated, and this user may not create tables in the schema "
                            + "\(server.schema ?? ""); grant CREATE on it")
                }
                report(
                    "store: ok, missing or outdated schema: migrated at the next start, or by `auth-signals migrate`"
                )
                return
            }
            report("store: ok")
            for duplicate in try await store.duplicateEmails() {
                report("warning: several accounts have the same e-mail address: users \(duplicate.userList)")
            }
        }

        /// - Throws: `StoreError` if the server cannot be reached, else `ProcessFailure`.
        private func checkLeaseServer(against store: PostgresServerReport) async throws {
            let pool = PostgresPool(leaseURL, connections: 1, logger: Logger(label: "auth-store"))
            do {
                let server = try await PostgresServerReport(from: pool)
                try server.check()
                try server.checkIsSame(as: store)
                await pool.close()
            } catch let error as StoreError {
                await pool.close()
                let failure = ProcessFailure(opening: error, named: "STORE_LEASE_URL")
                guard failure.code == .unreachable else { throw failure }
                throw StoreError(error.code, failure.message)
            }
        }

        let unknownRestore =
            "whether this database was restored to an earlier moment, or a standby that lacked commits was promoted, "
            + "without `auth-signals store restored`"

        func restoredText(_ time: String) -> String {
            "restored to an earlier moment, or a standby promoted, before \(time): this store has no signals of the lost "
                + "commits, but workers may have handled them"
        }

        func requireFile() throws {
            throw ProcessFailure(
                .usage,
                "backup and restore copy a SQLite file; STORE_URL is PostgreSQL: use pg_dump, or the server's own "
                    + "backups (docs/scaling.md)")
        }

        func backUp(_ store: any OperatedStore, to path: String) async throws { try requireFile() }

        func restore(from path: String) async throws -> Int64 {
            try requireFile()
            return 0
        }

        private func opened(connections: Int) throws -> (opened: OpenedStore, pool: PostgresPool) {
            let logger = Logger(label: "auth-store")
            // The settings have required a secret key.
            let keys = KeyRing(
                secret: settings.secretKey ?? SessionToken.random().exposedText,
                fallbacks: settings.secretKeyFallbacks)
            let pool = PostgresPool(url, connections: connections, logger: logger)
            let store = try PostgresStore(
                pool: pool, leaseURL: leaseURL, keys: keys, codec: settings.signals.sealingCodec,
                retention: settings.store.outboxRetention, logger: logger)
            return (
                OpenedStore(
                    store: store, keys: keys, rateLimiter: { PostgresRateLimiter(pool: pool) },
                    close: { await pool.close(patience: Self.closing) }), pool
            )
        }
    }

    extension StoreURL {
        fileprivate var postgres: String? {
            if case .postgres(let text) = self { text } else { nil }
        }
    }
#endif
