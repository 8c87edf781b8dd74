// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthPostgresInbox
import AuthSignals
import AuthTesting
import Foundation
import PostgresSupport
import Testing

/// How PostgreSQL runs the statements of the inbox: all that the conformance suites run are explained, with sequential
/// scans disabled, so that one is left only where no index exists. The cost of such a statement grows with its table.
@Suite(.enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
struct InboxQueryPlanTests {
    private static let exceptions: [QueryPlanCheck.Exception] = [
        .init("auth_inbox_work", "a row for each handler of a worker"),
        .init("auth_inbox_begun WHERE begun_at", "redelivered messages only"),
    ]

    @Test func `no statement needs a sequential scan, except the listed ones`() async throws {
        let statements = Locked<Set<String>>([])
        try await Self.runAll { statement in statements.change { _ = $0.insert(statement.sql) } }

        try await InboxDatabase.with { database in
            try await database.inbox().migrate()
            let queries = statements.value.filter { $0.contains("auth_inbox") }
            try await QueryPlanCheck(except: Self.exceptions, leastStatements: 16).check(queries) { sql in
                try await database.schema.sequentialScans(of: sql)
            }
        }
    }

    /// Runs the conformance suites of the inbox.
    private static func runAll(_ observer: @escaping @Sendable (PostgresStatement) -> Void) async throws {
        for sentence in InboxConformance.sentences {
            try await InboxDatabase.with { database in
                try await sentence.check {
                    database.subject(
                        try StatementObserver.$current.withValue(observer) { try database.inbox() })
                }
            }
        }
        for sentence in OperatedInboxConformance.sentences {
            try await InboxDatabase.with { database in
                try await sentence.check {
                    OperatedInboxConformance.Subject(
                        try StatementObserver.$current.withValue(observer) { try database.inbox() })
                }
            }
        }
    }
}
