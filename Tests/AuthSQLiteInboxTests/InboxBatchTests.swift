// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import GRDB
import Synchronization
import Testing

@testable import AuthSQLiteInbox

/// Concurrent writes of many handlers are committed in one transaction.
@Suite struct InboxBatchTests {
    private struct Failure: Error {}

    /// Counts commits, and makes them fail on request.
    private final class Commits: TransactionObserver, Sendable {
        private let state = Mutex((count: 0, refuses: false))

        var count: Int { state.withLock { $0.count } }
        func refuse(_ refuses: Bool) { state.withLock { $0.refuses = refuses } }

        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
        func databaseDidChange(with event: DatabaseEvent) {}
        func databaseWillCommit() throws { if state.withLock({ $0.refuses }) { throw Failure() } }
        func databaseDidCommit(_ db: Database) { state.withLock { $0.count += 1 } }
        func databaseDidRollback(_ db: Database) {}
    }

    /// An inbox that lets a test queue requests behind a running one, so that they form one batch.
    private final class Bench: Sendable {
        let path = FileManager.default.temporaryDirectory.path + "/inbox-batch-\(UUID().wireText)"
        let pool: DatabasePool
        let inbox: SQLiteInbox
        let commits = Commits()

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            // Workers that share a file wait for each other's transactions.
            var configuration = Configuration()
            configuration.busyMode = .timeout(5)
            pool = try DatabasePool(path: path + "/inbox.sqlite", configuration: configuration)
            inbox = try SQLiteInbox(pool: pool)
            try pool.write { db in
                try db.execute(
                    sql: """
                        CREATE TABLE thing (name TEXT PRIMARY KEY);
                        CREATE TABLE part (thing TEXT REFERENCES thing DEFERRABLE INITIALLY DEFERRED);
                        """)
            }
            pool.add(transactionObserver: commits)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func together(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Bool) async throws
            -> [Result<Bool, any Error>]
        {
            let isHeld = Locked(false)
            let release = DispatchSemaphore(value: 0)
            async let holding: Void = pool.writeWithoutTransaction { _ in
                isHeld.change { $0 = true }
                _ = release.wait(timeout: .now() + 60)
            }
            try await eventually("the writer is busy") { isHeld.value }
            async let first: Void = inbox.markDone(handler: "first", messageID: UUID(), at: Date())
            try await eventually("the first request is being written") { self.inbox.writes.load == (true, 0) }
            let results = try await withThrowingTaskGroup(of: (Int, Result<Bool, any Error>).self) { group in
                defer { release.signal() }
                for number in 0..<count {
                    group.addTask {
                        do { return (number, .success(try await body(number))) } catch {
                            return (number, .failure(error))
                        }
                    }
                }
                try await eventually("all requests are queued") { self.inbox.writes.load.waiting == count }
                release.signal()
                return try await group.reduce(into: [Int: Result<Bool, any Error>]()) { $0[$1.0] = $1.1 }
            }
            _ = try? await first
            try await holding
            return (0..<count).compactMap { results[$0] }
        }

        func marks(of handler: String) throws -> Int {
            try pool.read { db in
                try Int.fetchOne(
                    db, sql: "SELECT count(*) FROM auth_inbox WHERE handler = ?", arguments: [handler]) ?? -1
            }
        }

        func names() throws -> [String] {
            try pool.read { try String.fetchAll($0, sql: "SELECT name FROM thing ORDER BY name") }
        }
    }

    private static func write(_ text: String, _ transaction: any InboxTransaction) throws {
        try #require(transaction as? SQLiteInboxTransaction).db.execute(
            sql: "INSERT INTO thing VALUES (?)", arguments: [text])
    }

    @Test func `concurrent marks are committed together`() async throws {
        let bench = try Bench()
        let results = try await bench.together(100) { _ in
            try await bench.inbox.markDone(handler: "one", messageID: UUID(), at: Date())
            return true
        }
        #expect(results.allSatisfy { (try? $0.get()) == true })
        #expect(try bench.marks(of: "one") == 100)
        // The first request in one commit, all others in a second one.
        #expect(bench.commits.count == 2)
    }

    @Test func `one message several times in a batch runs its body once`() async throws {
        let bench = try Bench()
        let id = UUID()
        let results = try await bench.together(20) { number in
            try await bench.inbox.once(handler: "one", messageID: id, at: Date()) {
                try Self.write("thing \(number)", $0)
            }
        }
        #expect(results.count { (try? $0.get()) == true } == 1)
        #expect(results.count { (try? $0.get()) == false } == 19)
        #expect(try bench.names().count == 1)
    }

    @Test func `a body that throws is rolled back alone`() async throws {
        let bench = try Bench()
        let results = try await bench.together(10) { number in
            try await bench.inbox.once(handler: "one", messageID: UUID(), at: Date()) {
                try Self.write("thing \(number)", $0)
                if number == 3 { throw Failure() }
            }
        }
        for (number, result) in results.enumerated() {
            if number == 3 {
                #expect(throws: Failure.self) { try result.get() }
            } else {
                #expect(try result.get())
            }
        }
        #expect(try bench.names() == (0..<10).filter { $0 != 3 }.map { "thing \($0)" })
        #expect(try bench.marks(of: "one") == 9)
        #expect(bench.commits.count == 2)
    }

    @Test func `a failed commit fails the whole batch and writes nothing`() async throws {
        let bench = try Bench()
        let ids = (0..<10).map { _ in UUID() }
        let attempt: @Sendable (Int) async throws -> Bool = { number in
            try await bench.inbox.once(handler: "one", messageID: ids[number], at: Date()) {
                try Self.write("thing \(number)", $0)
            }
        }
        bench.commits.refuse(true)
        let refused = try await bench.together(10, attempt)
        #expect(refused.count == 10)
        for result in refused { #expect(throws: Failure.self) { try result.get() } }
        #expect(try bench.names().isEmpty)
        #expect(try bench.marks(of: "one") == 0)
        // The failed requests can be repeated.
        bench.commits.refuse(false)
        let done = try await bench.together(10, attempt)
        #expect(done.allSatisfy { (try? $0.get()) == true })
        #expect(try bench.names().count == 10)
    }

    @Test func `a constraint violation at commit fails one body, and the others are committed`()
        async throws
    {
        let bench = try Bench()
        let results = try await bench.together(6) { number in
            try await bench.inbox.once(handler: "one", messageID: UUID(), at: Date()) { transaction in
                try Self.write("thing \(number)", transaction)
                if number == 2 {
                    try #require(transaction as? SQLiteInboxTransaction).db.execute(
                        sql: "INSERT INTO part VALUES ('a thing that is not there')")
                }
            }
        }
        #expect(results.indices.filter { (try? results[$0].get()) != true } == [2])
        #expect(try bench.names() == [0, 1, 3, 4, 5].map { "thing \($0)" })
        #expect(try bench.marks(of: "one") == 5)
    }

    @Test func `a look-up waits for a submitted mark`() async throws {
        let bench = try Bench()
        let id = UUID()
        let isHeld = Locked(false)
        let release = DispatchSemaphore(value: 0)
        async let holding: Void = bench.pool.writeWithoutTransaction { _ in
            isHeld.change { $0 = true }
            _ = release.wait(timeout: .now() + 60)
        }
        try await eventually("the writer is busy") { isHeld.value }
        let outcomes = Locked<[Bool]>([])
        bench.inbox.submitMark(handler: "one", messageID: id, at: Date()) { error in
            outcomes.change { $0.append(error == nil) }
        }
        try await eventually("the mark is being written") { bench.inbox.writes.load == (true, 0) }
        async let isDone = bench.inbox.isDone(handler: "one", messageID: id)
        async let isOtherDone = bench.inbox.isDone(handler: "other", messageID: id)
        try await eventually("the look-up waits") { bench.inbox.writes.load.waiting == 1 }
        #expect(try await !isOtherDone)
        #expect(outcomes.value.isEmpty)
        release.signal()
        #expect(try await isDone)
        #expect(outcomes.value == [true])
        try await holding
    }

    @Test func `a submitted mark that cannot be committed is reported and not found`() async throws {
        let bench = try Bench()
        let id = UUID()
        bench.commits.refuse(true)
        let outcomes = Locked<[Bool]>([])
        bench.inbox.submitMark(handler: "one", messageID: id, at: Date()) { error in
            outcomes.change { $0.append(error == nil) }
        }
        try await eventually("the failure is reported") { outcomes.value == [false] }
        bench.commits.refuse(false)
        #expect(try await !bench.inbox.isDone(handler: "one", messageID: id))
    }

    @Test func `two workers that share a file run every body once`() async throws {
        let bench = try Bench()
        let other = try SQLiteInbox(path: bench.path + "/inbox.sqlite")
        let ids = (0..<200).map { _ in UUID() }
        let runs = Locked(0)
        let isFirst = try await withThrowingTaskGroup(of: Bool.self) { group in
            for id in ids {
                for inbox in [bench.inbox, other] {
                    group.addTask {
                        try await inbox.once(handler: "one", messageID: id, at: Date()) {
                            try Self.write(id.wireText, $0)
                            runs.change { $0 += 1 }
                        }
                    }
                }
            }
            return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(isFirst == 200)
        #expect(runs.value == 200)
        #expect(try bench.names().count == 200)
    }
}
