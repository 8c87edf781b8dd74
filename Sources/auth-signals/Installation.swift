// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthMail
import AuthServiceKit
import AuthRelay
import AuthSignals
import AuthStore
import Logging

/// The components of one installation, created from its settings.
struct Installation {
    let settings: InstallationSettings
    let store: SQLiteStore
    let keys: KeyRing
    let logger: Logger

    /// Opens the store, creating it if it does not exist, and migrates its schema.
    ///
    /// - Throws: ``ProcessFailure`` with code 2 that names `STORE_URL` if the store cannot be used.
    init(_ settings: InstallationSettings) async throws {
        self.settings = settings
        logger = Logger(label: "auth-signals")
        Self.warn(ofUnknownNames: settings, logger)
        for warning in settings.warnings {
            logger.warning(
                "suspicious setting",
                metadata: ["name": "\(warning.name)", "reason": "\(warning.what)"])
        }
        do {
            let secret = try settings.secretKey ?? SecretKeyFile.loadOrCreate(beside: settings.store.url.path)
            keys = KeyRing(secret: secret, fallbacks: settings.secretKeyFallbacks)
            store = try SQLiteStore(
                path: settings.store.url.path, keys: keys, codec: settings.signals.sealingCodec,
                retention: settings.store.outboxRetention)
            try await store.migrate()
            for duplicate in try await duplicateEmails() {
                logger.warning(
                    "several accounts have the same e-mail address", metadata: ["users": "\(duplicate)"])
            }
        } catch let error as StoreError {
            throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
        }
    }

    /// The users of each e-mail address that several accounts have, so that an operator can resolve the conflict.
    func duplicateEmails() async throws -> [String] {
        try await store.duplicateEmails().map { $0.users.map(\.wireText).joined(separator: ", ") }
    }

    /// The store for an operator's command; neither the store nor its key is created.
    ///
    /// - Throws: ``ProcessFailure`` with code 2 that names `STORE_URL` if the store cannot be used.
    static func existingStore(_ settings: InstallationSettings, isReadOnly: Bool) throws -> SQLiteStore {
        warn(ofUnknownNames: settings, Logger(label: "auth-signals"))
        let path = settings.store.url.path
        do {
            return try SQLiteStore(
                existing: path, isReadOnly: isReadOnly, keys: existingKeys(settings),
                codec: settings.signals.sealingCodec, retention: settings.store.outboxRetention)
        } catch let error as StoreError {
            throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
        }
    }

    /// The keys of an installation. If it has no key yet, or the key is elsewhere, a random key is used, which cannot
    /// decrypt stored data.
    ///
    /// - Throws: `StoreError` with code `keyFile`.
    static func existingKeys(_ settings: InstallationSettings) throws(StoreError) -> KeyRing {
        var secret = settings.secretKey
        if secret == nil { secret = try SecretKeyFile.existing(beside: settings.store.url.path) }
        return KeyRing(
            secret: secret ?? SessionToken.random().exposedText, fallbacks: settings.secretKeyFallbacks)
    }

    private static func warn(ofUnknownNames settings: InstallationSettings, _ logger: Logger) {
        for name in settings.unknownNames {
            logger.warning(
                "unknown environment variable with a settings prefix", metadata: ["name": "\(name)"])
        }
    }

    /// The relay and its publisher; the publisher must be stopped last.
    func relay() -> (relay: SignalRelay, publisher: BrokerPublisher) {
        let publisher = BrokerPublisher(settings.broker)
        let relay = SignalRelay(
            from: store, to: publisher, codec: settings.signals.codec, settings: settings.relay,
            logger: Logger(label: "auth-signals.relay"))
        return (relay, publisher)
    }

    func mailTransport() -> any MailTransport {
        settings.mail.transport(logger: Logger(label: "auth-signals.mail"))
    }

    /// - Throws: ``ProcessFailure`` with code 2 if `MAIL_URL` names a folder that cannot be written to. An unreachable
    ///   mail server is not an error here, since delivery is retried.
    func mailLoop() async throws -> MailLoop {
        let transport = mailTransport()
        if case .folder(let folder) = settings.mail.url.target {
            do { try await transport.check() } catch {
                throw ProcessFailure(.usage, "MAIL_URL: \(folder): \(error.message)")
            }
        }
        return MailLoop(
            queue: store, transport: transport, renderer: try MailRenderer(settings.mail),
            logger: Logger(label: "auth-signals.mail"))
    }
}
