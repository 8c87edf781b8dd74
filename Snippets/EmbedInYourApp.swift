// SPDX-License-Identifier: Apache-2.0
// An application with its own database: its rows, the rows of the authentication server and the signals of both are
// committed in one transaction.
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import Foundation
import GRDB

struct InvoicePaid: Signal {
    static let name: SignalName = "billing.invoice_paid"
    var request: SignalRequest
    var invoice: String
    var subject: String? { nil }
}

// The application's pool and migrations, to which the store's migrations are added. Its tables have the prefix `auth_`.
let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }
let pool = try DatabasePool(path: folder.appending(path: "app.sqlite").path)
var migrator = DatabaseMigrator()
migrator.registerMigration("customers and invoices") { database in
    try database.execute(
        sql: """
            CREATE TABLE customer (id TEXT PRIMARY KEY, user_id TEXT NOT NULL);
            CREATE TABLE invoice (id TEXT PRIMARY KEY);
            """)
}
SQLiteStore.registerMigrations(in: &migrator)
try migrator.migrate(pool)

let keys = KeyRing(secret: "a secret of 32 random bytes, of course")
let store = try SQLiteStore(
    pool: pool, keys: keys, codec: SignalCodec(source: "https://app.example.org"))

// The application's own row for each user, in the transaction of the sign-up. `subject` is the user's id as in signals,
// in lower case; Foundation writes UUIDs in upper case.
var hooks = AccountHooks()
hooks.didSignUp = { user, transaction in
    try transaction.sqlite?.execute(
        sql: "INSERT INTO customer (id, user_id) VALUES (?, ?)",
        arguments: [UUID().uuidString, user.subject])
}
let accounts = Accounts(
    store: store, keys: keys, passwords: PasswordHasher(cost: .init(n: 1024)), hooks: hooks)
_ = try await accounts.signUp(SignUp(email: "ada@example.org", password: Password("correct-horse")))

// The application's own signal in the same transaction as its own row.
try await store.transaction { transaction in
    try transaction.database.execute(sql: "INSERT INTO invoice (id) VALUES (?)", arguments: ["2026-1"])
    try transaction.emit(InvoicePaid(request: SignalRequest(), invoice: "2026-1"))
}

// A failed transaction keeps neither the row nor the signal.
struct OutOfPaper: Error {}
try? await store.transaction { transaction in
    try transaction.database.execute(sql: "INSERT INTO invoice (id) VALUES (?)", arguments: ["2026-2"])
    try transaction.emit(InvoicePaid(request: SignalRequest(), invoice: "2026-2"))
    throw OutOfPaper()
}

let customers = try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM customer") }
let invoices = try pool.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM invoice") }
let signals = try await store.rows(after: 0, limit: 10, now: Date()).rows.map(\.draft.name.rawValue)
print("customers \(customers ?? 0), invoices \(invoices ?? 0), signals \(signals.joined(separator: " "))")
