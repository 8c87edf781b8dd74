// SPDX-License-Identifier: Apache-2.0
// An application on PostgreSQL: its rows, the rows of the flows and the signals of both are committed in one
// transaction. It needs a database with the tables `customer` and `invoice`; STORE_URL is its URL.
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import Foundation
import Logging

struct InvoicePaid: Signal {
    static let name: SignalName = "billing.invoice_paid"
    var request: SignalRequest
    var invoice: String
    var subject: String? { nil }
}

extension PostgresStatement {
    static let insertCustomer: PostgresStatement = "INSERT INTO customer (account) VALUES ($1)"
    static let insertInvoice: PostgresStatement = "INSERT INTO invoice (id) VALUES ($1)"
}

let environment = ProcessInfo.processInfo.environment
let logger = Logger(label: "app")
let keys = KeyRing(secret: environment["SECRET_KEY"] ?? "a secret of 32 random bytes, of course")
let codec = SignalCodec(source: "https://app.example.org")

// The application's connections, which the store and the rate limiter share.
let url = try PostgresURL(parsing: environment["STORE_URL"] ?? "postgres://app@127.0.0.1/app")
let pool = PostgresPool(url, connections: 10, logger: logger)
let store = try PostgresStore(pool: pool, keys: keys, codec: codec, logger: logger)
try await store.migrate()
let limiter = PostgresRateLimiter(pool: pool)

// The application's own row for each user, in the transaction of the sign-up.
var hooks = AccountHooks()
hooks.didSignUp = { user, transaction in
    try transaction.postgres?.query(.insertCustomer, [.uuid(user.id)])
}
let accounts = Accounts(store: store, keys: keys, limiter: limiter, hooks: hooks)

// The application's own statements in a transaction of the store.
try await store.transaction { transaction in
    try transaction.connection.query(.insertInvoice, [.text("2026-1")])
    try transaction.emit(InvoicePaid(request: SignalRequest(), invoice: "2026-1"))
}

// The store's operations in a transaction of the application.
try await pool.transaction { connection in
    try connection.query(.insertInvoice, [.text("2026-2")])
    try store.joining(connection).emit(InvoicePaid(request: SignalRequest(), invoice: "2026-2"))
}

_ = try await accounts.signUp(SignUp(email: "ada@example.org", password: Password("correct-horse")))
await pool.close()
