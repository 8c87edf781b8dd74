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

    /// Opens the store and brings its schema up to date.
    ///
    /// - Throws: ``ProcessFailure`` with code 2 that names `STORE_URL` where the store cannot be used.
    init(_ settings: InstallationSettings, migrating: Bool = true) async throws {
        self.settings = settings
        logger = Logger(label: "auth-signals")
        for name in settings.unknownNames {
            logger.warning(
                "an environment variable looks like a setting and is none", metadata: ["name": "\(name)"])
        }
        do {
            let secret = try settings.secretKey ?? SecretKeyFile.loadOrCreate(beside: settings.store.url.path)
            keys = KeyRing(secret: secret, fallbacks: settings.secretKeyFallbacks)
            store = try SQLiteStore(
                path: settings.store.url.path, keys: keys, codec: settings.signals.sealingCodec,
                retention: settings.store.outboxRetention)
            if migrating { try await store.migrate() }
        } catch let error as StoreError {
            throw ProcessFailure(.usage, "STORE_URL: \(error.message)")
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
