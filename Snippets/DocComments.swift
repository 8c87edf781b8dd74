// SPDX-License-Identifier: Apache-2.0
// The examples of the doc comments. They are compiled with every build but do not run; a test compares them with the
// comments.
import ArgumentParser
import AuthBroker
import AuthConsumer
import AuthFlows
import AuthHTTP
import AuthSQLiteInbox
import AuthMail
import AuthProviders
import AuthRelay
import AuthServer
import AuthServices
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthWorker
import Foundation
import GRDB
import Hummingbird
import Logging
import ServiceLifecycle

private struct Calendar: Sendable {
    func subscribe(_ user: String, bearer: String) async throws {}
}

private struct Connection {
    func onClose(_ action: @escaping @Sendable () -> Void) {}
}

private func publish(text: String, batch: [SignalMessage]) async throws {
    let publisher = BrokerPublisher(BrokerSettings(urls: try BrokerURL.list(text)))
    async let running: Void = publisher.run()
    try await publisher.awaitReady()
    let outcomes = await publisher.publish(batch)
    _ = try await (running, outcomes)
}

private func delay() -> Duration {
    let backoff = Backoff(first: .seconds(1), limit: .seconds(300), jitter: 20)
    let delay = backoff.delay(afterFailures: 3)  // 3.2 s to 4 s
    return delay
}

private func dispatch(
    source: BrokerSource, handlers: SignalHandlers, inbox: any Inbox, logger: Logger
) throws -> ServiceGroup {
    let dispatcher = SignalDispatcher(from: source, handlers: handlers, inbox: inbox, logger: logger)
    let group = ServiceGroup(services: [source, dispatcher], logger: logger)
    return group
}

struct Slow: SignalMiddleware {
    func handle(
        _ event: SignalEvent, _ context: SignalContext, by handler: String,
        next: @Sendable (SignalEvent, SignalContext) async throws -> Void
    ) async throws {
        let time = try await ContinuousClock().measure { try await next(event, context) }
        if time > .seconds(1) { context.logger.warning("slow") }
    }
}

private func work(_ handlers: SignalHandlers, logger: Logger) async throws {
    let worker = SignalWorker(queue: "billing", patterns: ["account.#"], handlers: handlers, logger: logger)
    let group = ServiceGroup(
        services: [worker], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
    try await group.run()
}

struct Billing: AsyncParsableCommand {
    @OptionGroup var worker: WorkerOptions

    func run() async throws {
        try await SignalWorker(worker, handlers: SignalHandlers()).run()
    }
}

private func readSettings() throws -> WorkerSettings {
    var reader = SettingsReader(ProcessInfo.processInfo.environment)
    let settings = WorkerSettings(reading: &reader)
    try reader.check()  // throws one error with every fault
    return settings
}

private func log(_ handlers: inout SignalHandlers) {
    let lines = SignalLog(format: .json)
    handlers.on(matching: "#", as: "log") { event, context in try lines.write(event, context) }
}

private func post(
    _ handlers: inout SignalHandlers, _ settings: WebhookSettings, over connections: HTTPConnections
) {
    let webhook = Webhook(settings, over: connections)
    handlers.on(matching: "#", as: "webhook") { event, _ in try await webhook.post(event) }
}

private func openTokens(_ handlers: inout SignalHandlers, _ tokens: TokenOpener, _ calendar: Calendar) {
    handlers.on(UserLoggedIn.self, as: "calendar") { signal, context in
        guard let sociallogin = signal.sociallogin,
            let token = try tokens.token(of: sociallogin, event: context.id)
        else { return }
        try await calendar.subscribe(signal.user.id, bearer: token.exposedAccessToken)
    }
}

private func signUp(store: SQLiteStore, keys: KeyRing, settings: AccountSettings) async throws {
    let accounts = Accounts(store: store, keys: keys, settings: settings)
    let result = try await accounts.signUp(SignUp(email: "ada@example.org", password: Password("…")))
    _ = result
}

private func compareUsernames() -> Bool {
    Username.key(of: "Ａdmin") == Username.key(of: "admin")
}

private func leave(_ accounts: Accounts, _ connection: Connection, _ form: LogIn, _ context: FlowContext)
    async throws
{
    let presence = CallerPresence()
    connection.onClose { presence.leave() }
    let result = try await CallerPresence.$current.withValue(presence) {
        try await accounts.logIn(form, context)
    }
    _ = result
}

private func goThroughProxy() -> OutgoingHTTP {
    var outgoing = OutgoingHTTP()
    outgoing.authoritiesFile = "/etc/ssl/private-ca.pem"
    outgoing.proxy = HTTPProxy("http://proxy.example.org:3128")
    return outgoing
}

private func goOutside() -> ProviderClient {
    var outgoing = OutgoingHTTP()
    outgoing.proxy = HTTPProxy(host: "proxy.example.org", port: 3128)
    let client = ProviderClient(outgoing: outgoing, logger: Logger(label: "providers"))
    return client
}

private func call(_ url: URL, _ outgoing: OutgoingHTTP) async throws -> OutgoingResponse {
    let connections = HTTPConnections(outgoing, connectTimeout: .seconds(5))
    let response = try await connections.send(OutgoingRequest(url, timeout: .seconds(10)))
    await connections.shutdown()
    return response
}

private func post(_ json: Data, to url: URL, over connections: HTTPConnections) async throws
    -> OutgoingResponse
{
    var request = OutgoingRequest("POST", url, timeout: .seconds(5))
    request.setHeader("Content-Type", to: "application/json")
    request.body = [UInt8](json)
    let response = try await connections.send(request)
    return response
}

private struct Statistics: Sendable {
    func insert(_ logins: [(id: UUID, user: String)]) async throws {}
}

private func collect(_ handlers: inout SignalHandlers, _ statistics: Statistics) {
    handlers.onBatch(UserLoggedIn.self, as: "statistics", upTo: 100, within: .milliseconds(200)) { batch in
        try await statistics.insert(batch.map { signal, context in (context.id, signal.user.id) })
    }
}

private func markOnce(_ handlers: inout SignalHandlers) throws -> SQLiteInbox {
    let inbox = try SQLiteInbox(path: "/var/lib/worker/inbox.sqlite")
    handlers.once(UserSignedUp.self, as: "profiles") { signal, context, db in
        try db.execute(sql: "INSERT INTO profile (user) VALUES (?)", arguments: [signal.user.id])
    }
    return inbox
}

private func askProviders(
    id: String, secret: ClientSecret, app: SocialApp, client: ProviderClient
) -> [any SocialProvider] {
    let github = OAuth2Provider(.github(), app: SocialApp(clientID: id, secret: secret), http: client)
    let google = OpenIDProvider(.google(), app: SocialApp(clientID: id, secret: secret), http: client)
    let ours = OpenIDProvider(.issuer("https://id.example.org", id: "example"), app: app, http: client)
    return [github, google, ours]
}

private func relay(
    store: SQLiteStore, publisher: BrokerPublisher, codec: SignalCodec, logger: Logger
) -> ServiceGroup {
    let relay = SignalRelay(from: store, to: publisher, codec: codec, logger: logger)
    let group = ServiceGroup(services: [publisher, relay], logger: logger)
    return group
}

private func serve(
    accounts: Accounts, settings: AuthServerSettings
) -> Router<BasicAuthRequestContext> {
    let router = Router(context: BasicAuthRequestContext.self)
    AuthRoutes(accounts: accounts, settings: settings).addRoutes(to: router)
    return router
}

private func recognise(accounts: Accounts, settings: AuthServerSettings) {
    let router = Router(context: BasicAuthRequestContext.self)
    router.add(middleware: AuthMiddleware(accounts: accounts, settings: settings))
    router.get("me") { _, context in try context.requireIdentity().user.id.wireText }
}

private func runAll(
    store: SQLiteStore, accounts: Accounts, broker: BrokerSettings, mail: MailSettings,
    logger: Logger
) async throws {
    let services = try AuthServices(
        store: store, accounts: accounts, broker: broker, mail: mail, logger: logger)
    let group = ServiceGroup(services: services.all, gracefulShutdownSignals: [.sigterm], logger: logger)
    try await group.run()
}

struct CalendarUnreachable: LoggableError {
    var status: Int
    var description: String { "the calendar returned status \(status)" }
}

struct InvoicePaid: Signal {
    static let name: SignalName = "billing.invoice_paid"
    var request: SignalRequest
    var invoice: String
    @Personal var payer: String?
    var subject: String? { invoice }
}

private func logWithoutPersonalData(_ event: SignalEvent, logger: Logger) throws {
    let redaction = try Redaction(adding: [InvoicePaid.self])
    let data = redaction.redact(try event.json())
    logger.info("received", metadata: ["data": "\(data)"])
}

private func describe(
    codec: SignalCodec, broker: BrokerSettings, router: Router<BasicAuthRequestContext>
) throws {
    let catalog = try SignalCatalog(adding: [InvoicePaid.self])
    SchemaRoutes(catalog, schemaBase: codec.schemaBase, exchange: broker.exchange).addRoutes(to: router)
    let redaction = Redaction(of: catalog)
    print(catalog.text(as: .markdown))
    _ = redaction
}

private func open(keys: KeyRing, codec: SignalCodec) async throws -> SQLiteStore {
    let store = try SQLiteStore(path: "auth.sqlite", keys: keys, codec: codec)
    try await store.migrate()
    return store
}

private func chooseLanguage() {
    let language = Language.preferred(
        acceptLanguage: "de-AT, en;q=0.5", among: Language.all, default: .english)
    print(language.code)  // de
}

print("compiled")
