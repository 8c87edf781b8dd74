// SPDX-License-Identifier: Apache-2.0
// A Hummingbird application with the account flows: allauth's HTTP API, the pages that mails link to, a table and a
// signal of its own, and the services that publish signals, send mails and delete old rows.
import AuthBroker
import AuthFlows
import AuthMail
import AuthServer
import AuthServices
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation
import GRDB
import Hummingbird
import Logging
import ServiceLifecycle

struct InvoicePaid: Signal {
    static let name: SignalName = "billing.invoice_paid"
    var request: SignalRequest
    var invoice: String
    var payer: String
    var subject: String? { payer }
}

let logger = Logger(label: "app")

// 1. Settings
var reader = SettingsReader(ProcessInfo.processInfo.environment)
let storage = StoreSettings(reading: &reader)
let signals = SignalSettings(reading: &reader)
let broker = BrokerSettings(reading: &reader)
let mail = MailSettings(reading: &reader)
let http = AuthServerSettings(reading: &reader)
let passwords = PasswordHashing(reading: &reader)
var account = AccountSettings(reading: &reader)
if reader.string("PUBLIC_URL") == nil { account.links.publicURL = signals.source }
account.siteName = mail.siteName
let secret = reader.string("SECRET_KEY") ?? ""
if secret.utf8.count < 32 { reader.fault("SECRET_KEY", "must have at least 32 characters") }
try reader.check()  // throws one error with every fault

// 2. The pool, with the application's tables and those of the store, whose names begin with `auth_`
let path = storage.url.path ?? "auth.sqlite"
let pool = try DatabasePool(path: path)
var migrator = DatabaseMigrator()
migrator.registerMigration("invoices") { database in
    try database.execute(sql: "CREATE TABLE invoice (id TEXT PRIMARY KEY, payer TEXT NOT NULL)")
}
SQLiteStore.registerMigrations(in: &migrator)
try migrator.migrate(pool)

// 3. The flows
let keys = KeyRing(secret: secret)
let store = try SQLiteStore(
    pool: pool, keys: keys, codec: signals.sealingCodec, retention: storage.outboxRetention)
let limiter = try SQLiteRateLimiter(path: path + ".limits")
let accounts = Accounts(
    store: store, keys: keys, settings: account, passwords: passwords.hasher(), limiter: limiter)

// 4. The routes: the API below /_allauth, the pages, and the application's own
let router = Router(context: BasicAuthRequestContext.self)
router.add(middleware: AuthMiddleware(accounts: accounts, settings: http))
AuthRoutes(accounts: accounts, settings: http).addRoutes(to: router)
let pages = AccountPages(accounts: accounts, settings: http)
pages.addRoutes(to: router)
pages.addStartPage(to: router)
router.post("invoices/:id/pay") { _, context in
    let payer = try context.requireIdentity().user.subject
    let invoice = try context.parameters.require("id")
    let request = SignalRequest(id: context.requestID, client: .app)
    try await store.transaction { transaction in
        try transaction.database.execute(
            sql: "INSERT INTO invoice (id, payer) VALUES (?, ?)", arguments: [invoice, payer])
        try transaction.emit(InvoicePaid(request: request, invoice: invoice, payer: payer))
    }
    return HTTPResponse.Status.created
}

// 5. The services: relay, mail loop and housekeeping in one call, and the server after them
let services = try AuthServices(
    store: store, accounts: accounts, limiter: limiter, broker: broker, mail: mail, logger: logger)
let server = Application(
    router: router, configuration: .init(address: .hostname(http.host, port: http.port)), logger: logger)
let group = ServiceGroup(
    services: services.all + [server], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
try await group.run()
