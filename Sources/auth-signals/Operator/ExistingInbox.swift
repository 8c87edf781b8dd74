// SPDX-License-Identifier: Apache-2.0
import AuthSQLiteInbox
import AuthServiceKit
import AuthSignals
import Logging

#if PostgreSQL
    import AuthPostgres
    import AuthPostgresInbox
#endif

/// A worker's inbox, opened for queries: nothing is created.
enum ExistingInbox {
    /// Opens the inbox while `body` runs.
    ///
    /// - Parameter text: the value of `--inbox`.
    static func with<R>(_ text: String, _ body: (any OperatedInbox) async throws -> R) async throws -> R {
        do {
            switch try InboxURL(parsing: text) {
            case .sqlite(let path): return try await body(SQLiteInbox.existing(path: path))
            case .postgres(let text): return try await withPostgres(text, body)
            }
        } catch let error as InboxURLError {
            throw ProcessFailure(.usage, "--inbox: \(error.message)")
        } catch let error as InboxError {
            throw ProcessFailure(.usage, "--inbox: \(error.message)")
        }
    }

    #if PostgreSQL
        private static func withPostgres<R>(
            _ text: String, _ body: (any OperatedInbox) async throws -> R
        ) async throws -> R {
            do {
                let pool = PostgresPool(
                    try PostgresURL(parsing: text), connections: 1, logger: Logger(label: "auth-signals"))
                let result: Result<R, any Error>
                do { result = .success(try await body(PostgresInbox.existing(pool: pool))) } catch {
                    result = .failure(error)
                }
                await pool.close()
                return try result.get()
            } catch let error as PostgresInboxError {
                throw ProcessFailure(.usage, "--inbox: \(error.message)")
            } catch let error as PostgresError {
                let code: ProcessFailure.Code =
                    switch error.code {
                    case .invalidURL, .refused, .tls: .usage
                    case .unreachable, .busy: .unreachable
                    default: .failed
                    }
                throw ProcessFailure(code, "--inbox: \(error.message)")
            }
        }
    #else
        private static func withPostgres<R>(
            _ text: String, _ body: (any OperatedInbox) async throws -> R
        ) async throws -> R {
            throw ProcessFailure(
                .usage, "--inbox: this build has no PostgreSQL; build it with --traits PostgreSQL")
        }
    #endif
}
