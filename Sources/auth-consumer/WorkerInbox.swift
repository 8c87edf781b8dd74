// SPDX-License-Identifier: Apache-2.0
import AuthServiceKit
import AuthSignals
import Logging

#if PostgreSQL
    import AuthPostgres
    import AuthPostgresInbox
    import Synchronization

    /// The inbox of a `postgres:` URL. An inbox in a file is opened by the worker itself.
    final class WorkerInbox: Sendable {
        private let pool = Mutex<PostgresPool?>(nil)

        /// - Parameter concurrency: how many messages are handled concurrently. Each transactional handler occupies a
        ///   connection.
        /// - Returns: nil for an inbox in a file.
        /// - Throws: `ProcessFailure` if the URL is wrong or the server refuses the connection. If the server cannot be
        ///   reached the worker starts, and its messages fail and are retried until it can.
        func open(_ url: InboxURL, concurrency: Int, logger: Logger) async throws -> (any Inbox)? {
            guard case .postgres(let text) = url else { return nil }
            do {
                let pool = PostgresPool(
                    try PostgresURL(parsing: text), connections: min(max(concurrency, 1) + 1, 16),
                    logger: logger)
                self.pool.withLock { $0 = pool }
                let inbox = PostgresInbox(pool: pool)
                do {
                    try await inbox.migrate()
                } catch let error as PostgresError where error.isTemporary {
                    logger.warning("inbox cannot be reached yet", metadata: ["error": "\(error)"])
                }
                return inbox
            } catch let error as PostgresError {
                throw ProcessFailure(.usage, "INBOX_URL: \(error.message)")
            } catch let error as PostgresInboxError {
                throw ProcessFailure(.usage, "INBOX_URL: \(error.message)")
            }
        }

        func close() async { await pool.withLock { $0 }?.close() }
    }

    extension PostgresError {
        fileprivate var isTemporary: Bool { [.unreachable, .busy, .full, .serialization].contains(code) }
    }
#else
    /// The inbox of a `postgres:` URL, which this build cannot open. An inbox in a file is opened by the worker itself.
    struct WorkerInbox {
        func open(_ url: InboxURL, concurrency: Int, logger: Logger) async throws -> (any Inbox)? {
            guard case .postgres = url else { return nil }
            throw ProcessFailure(
                .usage, "INBOX_URL: this build has no PostgreSQL; build it with --traits PostgreSQL")
        }

        func close() async {}
    }
#endif
