// SPDX-License-Identifier: Apache-2.0
import AuthSQLiteInbox
import AuthSignals
import AuthTesting
import Foundation
import GRDB
import SQLiteSupport
import Testing

/// How SQLite runs the statements of the inbox: all that the conformance suites run are explained. The cost of a
/// statement that reads a whole table grows with the table.
@Suite struct InboxQueryPlanTests {
    private static let exceptions: [QueryPlanCheck.Exception] = [
        .init("auth_inbox_work", "a row for each handler of a worker"),
        .init("auth_inbox_begun WHERE begun_at", "redelivered messages only"),
    ]

    /// A temporary directory that is removed with its content.
    private final class Folder: Sendable {
        let path: String
        init() throws {
            path = FileManager.default.temporaryDirectory.path + "/inbox-plans-\(UUID().wireText)"
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }
        deinit { try? FileManager.default.removeItem(atPath: path) }
        func file(_ name: String = UUID().wireText) -> String { "\(path)/\(name)" }
    }

    @Test func `no statement reads a whole table, except the listed ones`() async throws {
        let folder = try Folder()
        let statements = Locked<Set<String>>([])
        try await Self.runAll(in: folder) { sql in statements.change { _ = $0.insert(sql) } }
        let path = folder.file("plans.sqlite")
        _ = try SQLiteInbox(path: path)
        try await eventually("the inbox that has written is closed") {
            !FileManager.default.fileExists(atPath: path + "-wal")
        }
        let file = try DatabaseQueue(path: path)

        let queries = statements.value.filter { $0.contains("auth_inbox") && !$0.contains("sqlite_master") }
        try await QueryPlanCheck(except: Self.exceptions, leastStatements: 11).check(queries) { sql in
            try await file.read { try Self.scans(of: sql, $0) }
        }
    }

    @Test func `a file of an earlier version gets the index for pruning, and keeps its marks`() async throws {
        let folder = try Folder()
        let path = folder.file("earlier.sqlite")
        let id = UUID()
        try await SQLiteInbox(path: path).markDone(
            handler: "one", messageID: id, at: Date(timeIntervalSince1970: 1))
        try await eventually("the inbox that has written is closed") {
            !FileManager.default.fileExists(atPath: path + "-wal")
        }
        let file = try DatabaseQueue(path: path)
        try await file.write { try $0.execute(sql: "DROP INDEX auth_inbox_done") }
        let inbox = try SQLiteInbox(path: path)
        let indexes = try await file.read { try $0.indexes(on: "auth_inbox").map(\.name) }
        #expect(indexes.contains("auth_inbox_done"))
        #expect(try await inbox.isDone(handler: "one", messageID: id))
        #expect(try await inbox.prune(before: Date(timeIntervalSince1970: 2)) == 1)
    }

    /// The steps of a plan that read a whole table or index.
    private static func scans(of sql: String, _ database: Database) throws -> [String] {
        let values = StatementArguments(Array(repeating: Int?.none, count: sql.count { $0 == "?" }))
        let rows = try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN \(sql)", arguments: values)
        let steps: [String] = rows.map { $0["detail"] }
        // `name` is a list of names that the statement computes.
        return steps.filter { $0.hasPrefix("SCAN ") && $0 != "SCAN name" && !$0.hasPrefix("SCAN CONSTANT") }
    }

    /// Runs the conformance suites of the inbox.
    private static func runAll(
        in folder: Folder, _ observer: @escaping @Sendable (String) -> Void
    ) async throws {
        @Sendable func open(_ path: String) throws -> SQLiteInbox {
            try StatementObserver.$current.withValue(observer) { try SQLiteInbox(path: path) }
        }
        for sentence in InboxConformance.sentences {
            try await sentence.check {
                let path = folder.file()
                let inbox = try open(path)
                let reader = try DatabaseQueue(path: path)
                try await reader.write { try $0.execute(sql: "CREATE TABLE thing (name TEXT)") }
                return InboxConformance.Subject(
                    inbox,
                    write: { transaction in
                        let transaction = try #require(transaction as? SQLiteInboxTransaction)
                        try transaction.db.execute(sql: "INSERT INTO thing VALUES ('a thing')")
                    },
                    written: {
                        try await reader.read {
                            try Int.fetchOne($0, sql: "SELECT count(*) FROM thing") ?? -1
                        }
                    })
            }
        }
        for sentence in OperatedInboxConformance.sentences {
            try await sentence.check { OperatedInboxConformance.Subject(try open(folder.file())) }
        }
    }
}
