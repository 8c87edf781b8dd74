// SPDX-License-Identifier: Apache-2.0
import ArgumentParser
import AuthBroker
import AuthDashboard
import AuthFlows
import AuthServiceKit
import AuthProviders
import AuthServer
import AuthServices
import AuthSignals
import AuthStore
import Hummingbird
import Logging
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Serve the HTTP API, deliver mails and publish signals.")

    @Flag(inversion: .prefixedNo, help: "Publish signals in this process.")
    var relay = true

    @Flag(inversion: .prefixedNo, help: "Deliver mails in this process.")
    var mail = true

    @Option(help: "A file to write the port to when the server listens, for example with HTTP_PORT=0.")
    var portFile: String?

    func run() async throws {
        var reader = ProcessEnvironment.settings()
        let settings = try InstallationSettings(reading: &reader)
        let metrics = settings.process.bootstrap()
        let installation = try await Installation(settings)
        let limits = try installation.rateLimiter()
        let publishing = relay ? installation.relay() : nil
        let mailLoop = mail ? try await installation.mailLoop() : nil
        let drain = DrainPeriod(settings.server.drainDuration)
        let health = InstallationHealth(
            installation, relay: publishing?.relay, publisher: publishing?.publisher, drain: drain)
        let healthServices = try await health.services(metrics: metrics, brokerIsRequired: false)

        // Nothing may throw from here on until the services run, since they shut the HTTP clients down.
        let client = ProviderClient(
            settings.providers.limits, outgoing: settings.outgoing,
            logger: Logger(label: "auth-signals.providers"))
        // No logger, since the hook logs its own errors.
        let hookClient = settings.preSocialLogin.map {
            ProviderClient($0.limits, outgoing: settings.outgoing)
        }
        var hooks = AccountHooks()
        if let hookClient, let preSocialLogin = settings.preSocialLogin {
            hooks.preSocialLogin =
                PreSocialLoginEndpoint(
                    preSocialLogin, http: hookClient, logger: Logger(label: "auth-signals.hook")
                ).hook
        }
        let accounts = Accounts(
            store: installation.store, keys: installation.keys, settings: settings.account,
            passwords: settings.passwords.hasher(), limiter: limits, hooks: hooks,
            providers: settings.providers.providers(over: client))
        var services: [any Service] = [ProviderClientService(client)]
        if let hookClient { services.append(ProviderClientService(hookClient)) }
        let dashboard = settings.dashboard.isEnabled ? installation.dashboard(relay: publishing?.relay) : nil
        if let dashboard { services.append(dashboard) }
        services +=
            AuthServices(
                housekeeping: StoreHousekeeping(
                    installation.store, limiter: limits, sessions: accounts.sessions),
                publisher: publishing?.publisher, relay: publishing?.relay, mailLoop: mailLoop
            ).all
        services += healthServices
        services.append(
            listener(
                accounts, health.routes(metrics: metrics, brokerIsRequired: false), dashboard, settings))
        services.append(drain)
        try await installation.run(services)
    }

    private func listener(
        _ accounts: Accounts, _ health: HealthRoutes, _ dashboard: Dashboard?,
        _ settings: InstallationSettings
    ) -> ListeningService {
        let router = Router(
            context: BasicAuthRequestContext.self, options: .autoGenerateHeadEndpoints)
        // Before the middleware, so that health probes are neither traced nor logged.
        health.add(to: router)
        // Before it, too, since an open page of the dashboard sends requests all the time; it logs its actions itself.
        dashboard?.addRoutes(to: router)
        router.add(middleware: TraceMiddleware())
        router.add(middleware: RequestLogMiddleware())
        AuthRoutes(accounts: accounts, settings: settings.server).addRoutes(to: router)
        let pages = AccountPages(accounts: accounts, settings: settings.server)
        pages.addRoutes(to: router)
        pages.addStartPage(to: router)
        SchemaRoutes(schemaBase: settings.signals.codec.schemaBase, exchange: settings.broker.exchange)
            .addRoutes(to: router)
        let settings = ListenerSettings(
            setting: "HTTP_PORT", host: settings.server.host, port: settings.server.port,
            portFile: portFile.map(PortFile.init(path:)),
            maximumConnections: settings.server.maximumConnections,
            // Longer than the body timeout, so that the routes return 408 before the connection is closed.
            requestTimeout: settings.server.bodyTimeout + .seconds(5),
            bodyLimit: AuthServerSettings.bodyLimit)
        return ListeningService(
            router.buildResponder(), settings: settings,
            logger: Logger(label: "auth-signals.http")
        ) { connection, serve in
            // Skips password hashing that is still queued when the client disconnects.
            let presence = CallerPresence()
            connection.onClose { presence.leave() }
            await CallerPresence.$current.withValue(presence) { await serve() }
        }
    }
}

/// Shuts an HTTP client for outgoing calls down at the end of the process. It comes before the listener in the list of
/// services, so that it is stopped later: the last requests may still need the client.
private struct ProviderClientService: Service {
    private let client: ProviderClient

    init(_ client: ProviderClient) { self.client = client }

    func run() async throws {
        // The client is shut down after a graceful shutdown and also if another service failed and cancelled this task.
        try? await gracefulShutdown()
        await client.shutdown()
    }
}
