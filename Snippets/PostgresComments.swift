// SPDX-License-Identifier: Apache-2.0
// The doc comments' examples that use PostgreSQL. They are compiled with every build but do not run; a test compares
// them with the comments.
import AuthFlows
import AuthPostgres
import AuthPostgresInbox
import AuthPostgresStore
import AuthSignals
import Foundation
import Logging

extension PostgresStatement {
    static let findUser: PostgresStatement = "SELECT username FROM auth_user WHERE id = $1"
}

extension PostgresStatement {
    fileprivate static let insertUser: PostgresStatement =
        "INSERT INTO auth_user (id, username) VALUES ($1, $2)"
}

private func insert(_ name: String, _ id: UUID, with pool: PostgresPool) async throws {
    do {
        _ = try await pool.run { connection in try connection.query(.insertUser, [.uuid(id), .text(name)]) }
    } catch let error as PostgresError where error.code == .conflict {
        print(error.constraint ?? "")  // such as "auth_user_username"
    }
}

private func hold(at url: PostgresURL, logger: Logger) async throws {
    let lock = PostgresLock(table: "auth_outbox", number: 2)
    let lease = try await PostgresLease.acquire(lock, at: url, logger: logger)
    defer { lease.release() }
    _ = try await lease.run { connection in try connection.query("…") }
}

private func readNames(logger: Logger) async throws -> [String] {
    let pool = PostgresPool(try PostgresURL(parsing: "postgres://auth@localhost/auth"), logger: logger)
    let names = try await pool.run { connection in
        try connection.query("SELECT username FROM auth_user").map { try $0.text(0) }
    }
    await pool.close()
    return names
}

private func list(_ connection: PostgresConnection) throws {
    for row in try connection.query("SELECT id, username FROM auth_user") {
        print(try row.uuid(0), try row.optionalText(1) ?? "-")
    }
}

private func openInbox(logger: Logger) throws -> PostgresInbox {
    let url = try PostgresURL(parsing: "postgres://worker@127.0.0.1/billing")
    let inbox = PostgresInbox(pool: PostgresPool(url, logger: logger))
    return inbox
}

private func markOnce(_ handlers: inout SignalHandlers) {
    handlers.once(UserSignedUp.self, as: "profiles") { signal, context, connection in
        try connection.query("INSERT INTO profile (account) VALUES ($1)", [.text(signal.user.id)])
    }
}

private func openStore(keys: KeyRing, codec: SignalCodec, logger: Logger) async throws -> PostgresStore {
    let pool = PostgresPool(try PostgresURL(parsing: "postgres://auth@127.0.0.1/accounts"), logger: logger)
    let store = try PostgresStore(pool: pool, keys: keys, codec: codec)
    try await store.migrate()
    return store
}

private func limit(_ store: PostgresStore) -> PostgresRateLimiter {
    let limiter = PostgresRateLimiter(pool: store.pool)
    return limiter
}

print("compiled")
