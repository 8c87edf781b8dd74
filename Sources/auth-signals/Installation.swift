// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthMail
import AuthOperations
import AuthRelay
import AuthSignals
import AuthStore
import Logging

/// The parts of one installation, put together from its settings.
struct Installation {
    let settings: InstallationSettings
    let store: SQLiteStore
    let keys: KeyRing
    let logger: Logger

    /// Opens the store, which is made if it does not exist, and brings its schema up to date.
    ///
    /// - Throws: ``ProcessFailure`` with code 2 that names `STORE_URL` where the store cannot be used.
    init(_ settings: InstallationSettings) async throws {
        self.settings = settings
        logger = Logger(label: "auth-signals")
        Self.warn(ofUnknownNames: settings, logger)
        for warning in settings.warnings {
            logger.warning(
                "a setting is most likely a mistake",
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
                    "several accounts have one e-mail address", metadata: ["users": "\(duplicate)"])
            }
        } catch let error as StoreError {
            throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
        }
    }

    /// The users of each address that several accounts have, for an operator to decide whose it is.
    func duplicateEmails() async throws -> [String] {
        try await store.duplicateEmails().map { $0.users.map(\.wireText).joined(separator: ", ") }
    }

    /// The store of an operator's command: neither it nor its key is made.
    ///
    /// - Throws: ``ProcessFailure`` with code 2 that names `STORE_URL` where the store cannot be used.
    static func existingStore(_ settings: InstallationSettings, isReadOnly: Bool) throws -> SQLiteStore {
        warn(ofUnknownNames: settings, Logger(label: "auth-signals"))
        let path = settings.store.url.path
        do {
            return try SQLiteStore(
                existing: path, isReadOnly: isReadOnly, keys: keysWithoutMaking(settings),
                codec: settings.signals.sealingCodec, retention: settings.store.outboxRetention)
        } catch let error as StoreError {
            throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
        }
    }

    /// The keys of an installation that may not have any yet, or has them elsewhere: then what is sealed stays sealed.
    ///
    /// - Throws: `StoreError` with code `keyFile`.
    static func keysWithoutMaking(_ settings: InstallationSettings) throws(StoreError) -> KeyRing {
        var secret = settings.secretKey
        if secret == nil { secret = try SecretKeyFile.existing(beside: settings.store.url.path) }
        return KeyRing(
            secret: secret ?? SessionToken.random().exposedText, fallbacks: settings.secretKeyFallbacks)
    }

    private static func warn(ofUnknownNames settings: InstallationSettings, _ logger: Logger) {
        for name in settings.unknownNames {
            logger.warning(
                "an environment variable looks like a setting and is none", metadata: ["name": "\(name)"])
        }
    }

    /// The relay and the connection it publishes on; the publisher ends last.
    func relay() -> (relay: SignalRelay, publisher: BrokerPublisher) {
        let publisher = BrokerPublisher(settings.broker)
        let relay = SignalRelay(
            from: store, to: publisher, codec: settings.signals.codec, configuration: settings.relay,
            logger: Logger(label: "auth-signals.relay"))
        return (relay, publisher)
    }

    func mailTransport() -> any MailTransport {
        settings.mail.transport(logger: Logger(label: "auth-signals.mail"))
    }

    /// - Throws: ``ProcessFailure`` with code 2 where `MAIL_URL` names a folder that cannot be written to. A
    ///   mail server that does not answer now is waited for.
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
