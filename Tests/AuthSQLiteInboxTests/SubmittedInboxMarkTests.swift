// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import GRDB
import Testing

@testable import AuthSQLiteInbox

/// Marks that are committed while their callers continue.
@Suite struct SubmittedInboxMarkTests {
    private struct Failure: Error {}

    /// Makes commits fail on request.
    private final class Commits: TransactionObserver, Sendable {
        let fail = Locked(false)

        func observes(eventsOfKind eventKind: DatabaseEventKind) -> Bool { true }
        func databaseDidChange(with event: DatabaseEvent) {}
        func databaseWillCommit() throws { if fail.value { throw Failure() } }
        func databaseDidCommit(_ db: Database) {}
        func databaseDidRollback(_ db: Database) {}
    }

    private final class Bench: Sendable {
        let path = FileManager.default.temporaryDirectory.path + "/inbox-marks-\(UUID().wireText)"
        let pool: DatabasePool
        let inbox: SQLiteInbox
        let commits = Commits()
        /// Whether each submitted mark has failed, in the order of their ends.
        let failures = Locked<[Bool]>([])
        let message = UUID()

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            pool = try DatabasePool(path: path + "/inbox.sqlite")
            inbox = try SQLiteInbox(pool: pool)
            pool.add(transactionObserver: commits)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func submit() {
            let failures = failures
            inbox.submitMark(handler: "one", messageID: message, at: Date()) { error in
                failures.change { $0.append(error != nil) }
            }
        }

        func isDone() async throws -> Bool { try await inbox.isDone(handler: "one", messageID: message) }
    }

    @Test func `a look-up of a submitted mark is answered after its commit`() async throws {
        let bench = try Bench()
        let isHeld = Locked(false)
        let release = DispatchSemaphore(value: 0)
        async let holding: Void = bench.pool.writeWithoutTransaction { _ in
            isHeld.change { $0 = true }
            _ = release.wait(timeout: .now() + 60)
        }
        try await eventually("the writer is busy") { isHeld.value }
        bench.submit()
        try await eventually("the mark is being written") { bench.inbox.writes.load == (true, 0) }
        async let answer = bench.isDone()
        try await eventually("the look-up waits behind it") { bench.inbox.writes.load == (true, 1) }
        #expect(bench.failures.value.isEmpty)
        release.signal()
        let isDone = try await answer
        #expect(isDone)
        #expect(bench.failures.value == [false])
        try await holding
    }

    @Test func `a mark whose commit fails is reported, and is missing`() async throws {
        let bench = try Bench()
        bench.commits.fail.change { $0 = true }
        bench.submit()
        try await eventually("it has failed") { bench.failures.value == [true] }
        bench.commits.fail.change { $0 = false }
        #expect(try await !bench.isDone())
        bench.submit()
        try await eventually("it is committed") { bench.failures.value == [true, false] }
        #expect(try await bench.isDone())
    }

    @Test func `a mark that is submitted twice ends twice`() async throws {
        let bench = try Bench()
        bench.submit()
        bench.submit()
        #expect(try await bench.isDone())
        try await eventually("both are committed") { bench.failures.value == [false, false] }
        #expect(try await bench.isDone())
    }
}
