// SPDX-License-Identifier: Apache-2.0
#if PostgreSQL
    import ArgumentParser
    import AuthFlows
    import AuthPostgres
    import AuthPostgresStore
    import AuthServiceKit
    import AuthSignals
    import AuthStore
    import Logging

    struct StoreCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "store",
            abstract: "Move an installation to PostgreSQL, or continue after a restore.",
            subcommands: [StoreCopyCommand.self, StoreRestoredCommand.self])

        /// Opens a PostgreSQL store with one connection.
        ///
        /// - Parameter name: the option or setting that has the URL, for errors.
        static func postgres(
            _ text: String, _ name: String, _ keys: KeyRing, _ settings: InstallationSettings
        ) throws -> PostgresStore {
            let url: PostgresURL
            do {
                url = try PostgresURL(parsing: text)
            } catch {
                throw ProcessFailure(.usage, "\(name): \(error.message)")
            }
            let logger = Logger(label: "auth-signals.store")
            return try PostgresStore(
                pool: PostgresPool(url, connections: 1, logger: logger), keys: keys,
                codec: settings.signals.sealingCodec, retention: settings.store.outboxRetention,
                logger: logger)
        }

        /// Runs `body`; its errors end the command with the exit code of their kind.
        static func reporting<R>(_ name: String, _ body: () async throws -> R) async throws -> R {
            do {
                return try await body()
            } catch let error as StoreError {
                let code: ProcessFailure.Code =
                    switch error.code {
                    case .unreachable: .unreachable
                    case .invalidURL, .missing, .notADatabase, .newerSchema, .outdatedSchema: .usage
                    default: .failed
                    }
                throw ProcessFailure(code, "\(name): \(error.message)")
            } catch is StoreConflict {
                throw ProcessFailure(
                    .failed, "\(name): two rows have the same name, address or account; nothing was copied")
            } catch is any TemporaryFailure {
                throw ProcessFailure(
                    .failed,
                    "\(name): the connection was lost while the transaction was committed: run the command again"
                )
            }
        }
    }

    struct StoreRestoredCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "restored",
            abstract: "Continue with higher sequence numbers after a PostgreSQL store was restored.",
            discussion: """
                Run it once after a recovery to an earlier moment, or after a failover to a standby that lacks commits,
                before servers and relays start. Subscribers compare the numbers of signals, and the lost database may
                have assigned some that this one would assign again. An SQLite store needs it only if it was restored
                without `auth-signals restore`.
                """)

        func run() async throws {
            var reader = ProcessEnvironment.settings()
            let settings = try InstallationSettings(reading: &reader, needsSource: false)
            guard case .postgres(let url) = settings.store.url else {
                throw ProcessFailure(
                    .usage, "STORE_URL: must be postgres://…; for SQLite use `auth-signals restore`")
            }
            let keys = KeyRing(
                secret: settings.secretKey ?? SessionToken.random().exposedText,
                fallbacks: settings.secretKeyFallbacks)
            let store = try StoreCommand.postgres(url, "STORE_URL", keys, settings)
            let sequence = try await StoreCommand.reporting("STORE_URL") {
                try await store.checkSchema()
                return try await store.continueAfterRestore()
            }
            await store.pool.close()
            printLine("the next signal has a sequence number above \(sequence)")
        }
    }
#endif
