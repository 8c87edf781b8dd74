// SPDX-License-Identifier: Apache-2.0
#if PostgreSQL
    import ArgumentParser
    import AuthFlows
    import AuthPostgres
    import AuthPostgresStore
    import AuthServiceKit
    import AuthSignals
    import AuthSQLiteStore
    import AuthStore
    import Logging

    struct StoreCopyCommand: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "copy", abstract: "Copy an SQLite store into an empty PostgreSQL database.",
            discussion: """
                Copies accounts, sessions, provider tokens, signals with their numbers, and mails, then compares every
                row. Attempts that rate limits have counted are not copied. First stop every process that uses the
                SQLite store. The copy is one transaction: if it fails or is interrupted, nothing was copied, and the
                command can be run again. If the rows were copied before, it only compares them. SECRET_KEY must be the
                secret of the SQLite store: the contents of the file STORE.key if it was not set before.
                """)

        @Option(help: "The store to copy: sqlite:PATH.")
        var from: String

        @Option(
            help: """
                Where to: postgres://…. Default: STORE_URL, so that its password is not visible in the list of processes.
                """)
        var to: String?

        func run() async throws {
            var reader = ProcessEnvironment.settings()
            let settings = try InstallationSettings(reading: &reader, needsSource: false)
            guard let secret = settings.secretKey else {
                throw ProcessFailure(
                    .usage,
                    "SECRET_KEY: must be the secret of the SQLite store, or the contents of its file STORE.key"
                )
            }
            let keys = KeyRing(secret: secret, fallbacks: settings.secretKeyFallbacks)
            let path = try sourcePath()
            let (url, name) = try target(settings)

            let source = try await StoreCommand.reporting("--from") {
                let source = try SQLiteStore(
                    existing: path, isReadOnly: true, keys: keys, codec: settings.signals.sealingCodec)
                try await source.checkSchema()
                try await Self.checkUnused(source, path)
                try await Self.checkSecret(source, path, settings)
                return source
            }
            let target = try StoreCommand.postgres(url, name, keys, settings)
            try await StoreCommand.reporting(name) { try await target.migrate() }
            let copy = try await StoreCommand.reporting("store copy") { try await target.copy(from: source) }
            await target.pool.close()
            try await report(copy, of: source)
        }

        private func sourcePath() throws -> String {
            do {
                if case .sqlite(let path) = try StoreURL(parsing: from) { return path }
            } catch {
                throw ProcessFailure(.usage, "--from: \(error.message)")
            }
            throw ProcessFailure(.usage, "--from: must be sqlite:PATH")
        }

        private func target(_ settings: InstallationSettings) throws -> (url: String, name: String) {
            do {
                switch try to.map(StoreURL.init(parsing:)) ?? settings.store.url {
                case .postgres(let url): return (url, to == nil ? "STORE_URL" : "--to")
                case .sqlite: throw ProcessFailure(.usage, "--to: must be postgres://…")
                }
            } catch let error as StoreError {
                throw ProcessFailure(.usage, "--to: \(error.message)")
            }
        }

        /// - Throws: ``ProcessFailure`` with code 1 if a process publishes or mails from the store. With a paused outbox
        ///   that is only logged; the copy fails if such a process writes.
        private static func checkUnused(_ source: SQLiteStore, _ path: String) async throws {
            let uses = source.heldLeases
            if uses.isEmpty { return }
            let use = "a process \(uses.joined(separator: " and ")) from \(path)"
            guard try await source.status().pausedSince != nil else {
                throw ProcessFailure(.failed, "--from: \(use): stop every process that uses it")
            }
            Logger(label: "auth-signals.store").warning(
                "a process uses the store; it must not be used after the copy", metadata: ["path": "\(path)"])
        }

        /// - Throws: ``ProcessFailure`` with code 2 if the secret is not the one that encrypted the store's values.
        private static func checkSecret(
            _ source: SQLiteStore, _ path: String, _ settings: InstallationSettings
        ) async throws {
            let known = [settings.secretKey].compactMap { $0 } + settings.secretKeyFallbacks
            let file = try SecretKeyFile.existing(beside: path)
            // Links in mails are signed by the secret, too, and cannot be tried.
            let isOther = file.map { !known.contains($0) } ?? false
            guard try await source.opensEncryptedValues() ?? !isOther else {
                throw ProcessFailure(
                    .usage,
                    "SECRET_KEY: is not the secret of \(path): "
                        + (file == nil
                            ? "set the one that its server had" : "set it to the contents of \(path).key"))
            }
        }

        private func report(_ copy: StoreCopy, of source: SQLiteStore) async throws {
            for table in copy.tables {
                printLine(
                    "\(table.name.padded(to: 20)) \(table.rows) \(table.rows == 1 ? "row" : "rows"), equal")
            }
            printLine(
                copy.wasCopiedBefore
                    ? "copied before; \(copy.rows) rows compared, all equal"
                    : "copied; \(copy.rows) rows compared, all equal")
            if copy.changedTexts > 0 {
                printLine("\(copy.changedTexts) texts contained U+0000, which is U+FFFD in PostgreSQL")
            }
            if try await source.status().pausedSince != nil {
                printLine("the outbox is paused: auth-signals outbox resume")
            }
        }
    }

    extension String {
        fileprivate func padded(to count: Int) -> String {
            self + String(repeating: " ", count: max(0, count - self.count))
        }
    }
#endif
