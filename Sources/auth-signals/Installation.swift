// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthMail
import AuthServiceKit
import AuthRelay
import AuthSignals
import AuthStore
import AuthTelemetry
import Logging
import ServiceLifecycle

/// The components of one installation, created from its settings.
struct Installation {
    let settings: InstallationSettings
    let store: any OperatedStore
    let keys: KeyRing
    let logger: Logger
    private let opened: OpenedStore
    /// Exports traces; nil if that is off.
    private let traces: (any Service)?

    /// Opens the store, creating it if it does not exist, and migrates its schema.
    ///
    /// - Throws: ``ProcessFailure`` with code 2 that names `STORE_URL` if the store cannot be used, and with code 75 if
    ///   its server cannot be reached.
    init(_ settings: InstallationSettings) async throws {
        self.settings = settings
        logger = Logger(label: "auth-signals")
        // Before the parts that ask for the tracer are created.
        traces = settings.traces?.bootstrap()
        Self.warn(ofUnknownNames: settings, logger)
        for warning in settings.warnings {
            logger.warning(
                "suspicious setting",
                metadata: ["name": "\(warning.name)", "reason": "\(warning.what)"])
        }
        do {
            opened = try settings.storeBackend.open()
            store = opened.store
            keys = opened.keys
            try await store.migrate()
            for duplicate in try await duplicateEmails() {
                logger.warning(
                    "several accounts have the same e-mail address", metadata: ["users": "\(duplicate)"])
            }
        } catch let error as StoreError {
            throw ProcessFailure(opening: error)
        }
    }

    /// Runs the services of the process, then ends the connections to the store, so that its server sees a clean end.
    func run(_ services: [any Service]) async throws {
        // The export is stopped last, so that it has the spans of all others.
        let all = (traces.map { [$0] } ?? []) + services
        do { try await ServiceRunner.run(all, logger: logger) } catch {
            await close()
            throw error
        }
        await close()
    }

    /// Ends the connections to the store.
    func close() async { await opened.close() }

    /// The rate limiter that all processes with this store share.
    func rateLimiter() throws -> any SweepingRateLimiter { try opened.rateLimiter() }

    /// The users of each e-mail address that several accounts have, so that an operator can resolve the conflict.
    func duplicateEmails() async throws -> [String] { try await store.duplicateEmails().map(\.userList) }

    /// The store for an operator's command; neither the store nor its key is created.
    ///
    /// - Throws: ``ProcessFailure`` with code 2 that names `STORE_URL` if the store cannot be used.
    static func existingStore(_ settings: InstallationSettings, isReadOnly: Bool) throws -> OpenedStore {
        warn(ofUnknownNames: settings, Logger(label: "auth-signals"))
        do {
            return try settings.storeBackend.openExisting(isReadOnly: isReadOnly)
        } catch let error as StoreError {
            throw ProcessFailure(opening: error)
        }
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

extension DuplicateEmail {
    /// The ids of the users, separated by commas.
    var userList: String { users.map(\.wireText).joined(separator: ", ") }
}
