// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
package import AuthSQLiteStore
package import AuthSignals
package import AuthStore
package import Logging

/// The store of a trial, in SQLite or in PostgreSQL.
package enum TrialStore {
    /// Whether an error says that a server could not be reached, so that the same may succeed later.
    package static func isTemporary(_ error: any Error) -> Bool {
        switch error {
        case let error as any TemporaryFailure: error.secondsUntilRetry != nil
        case let error as PostgresError: error.code == .unreachable || error.code == .busy
        default: false
        }
    }

    /// Opens a store; it is created if it does not exist, and migrated.
    ///
    /// - Parameters:
    ///   - url: `sqlite:PATH` or `postgres://…`.
    ///   - connections: of a PostgreSQL store.
    package static func open(
        _ url: String, connections: Int = 8, logger: Logger
    ) async throws -> any OperatedStore {
        let keys = KeyRing(secret: TrialCodec.secret)
        let store: any OperatedStore =
            switch try StoreURL(parsing: url) {
            case .sqlite(let path):
                try SQLiteStore(path: path, keys: keys, codec: TrialCodec.codec, logger: logger)
            case .postgres(let url):
                try PostgresStore(
                    pool: PostgresPool(
                        try PostgresURL(parsing: url), connections: connections, logger: logger),
                    keys: keys, codec: TrialCodec.codec, logger: logger)
            }
        try await store.migrate()
        return store
    }
}

extension OperatedStore {
    /// Emits signals in one transaction.
    ///
    /// - Parameter body: Called within the transaction, after the signals were emitted; it may run more than once.
    package func commit(
        _ drafts: [SignalDraft], _ body: @escaping @Sendable () throws -> Void
    ) async throws {
        switch self {
        case let store as SQLiteStore:
            try await store.transaction { (transaction: SQLiteTransaction) in
                for draft in drafts { try transaction.emit(draft) }
                try body()
            }
        case let store as PostgresStore:
            try await store.transaction { (transaction: PostgresTransaction) in
                // A flow reads before it writes; without a read the whole transaction would be one round trip.
                _ = try transaction.user(username: "nobody")
                for draft in drafts { try transaction.emit(draft) }
                try body()
            }
        default: preconditionFailure("a store of another kind")
        }
    }

    /// Closes the connections of a PostgreSQL store.
    package func closeConnections() async {
        if let store = self as? PostgresStore { await store.pool.close() }
    }
}

extension SQLiteStore {
    /// The store of a trial in a file.
    package static func trial(_ path: String, logger: Logger) async throws -> SQLiteStore {
        let store = try SQLiteStore(
            path: path, keys: KeyRing(secret: TrialCodec.secret), codec: TrialCodec.codec, logger: logger)
        try await store.migrate()
        return store
    }
}
