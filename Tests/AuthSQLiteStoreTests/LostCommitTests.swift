// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Dispatch
import Foundation
import GRDB
import Testing

@testable import AuthSQLiteStore

@Suite("A shared commit that is lost as a whole") struct LostCommitTests {
    private typealias Bench = SharedCommitBench

    @Test func `a refused commit is reported to every caller, and nothing is written`() async throws {
        let bench = try await Bench()
        let runs = Notes<Int>()
        let results = try await bench.together(10) {
            bench.recorder.refuse(every: 1)
        } _: { number in
            try await bench.store.transaction { transaction in
                runs.add(number)
                try Bench.write(number, transaction)
            }
        }
        #expect(results.count == 10)
        for result in results { #expect(throws: CommitRecorder.Refusal.self) { try result.get() } }
        #expect(try await bench.things().isEmpty)
        #expect(try await bench.signals().isEmpty)
        await bench.store.receiversFinished()
        #expect(bench.received.all.isEmpty)
        // Each body ran in the group, and once more alone.
        #expect(runs.all.sorted() == (0..<10).flatMap { [$0, $0] })
        bench.recorder.refuse(every: nil)
        try await bench.store.transaction { transaction in try Bench.write(1, transaction) }
        #expect(try await bench.store.pending().map(\.sequence) == [1])
    }

    @Test func `a full disk fails only the transactions that do not fit`() async throws {
        let bench = try await Bench()
        try await bench.store.database.write { db in
            let pages = try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0
            try db.execute(sql: "PRAGMA max_page_count = \(pages + 16)")
        }
        let results = try await bench.together(6) { number in
            try await bench.store.transaction { transaction in
                try Bench.write(number, transaction)
                if number == 3 {
                    try transaction.database.execute(
                        sql: "CREATE TABLE large AS SELECT zeroblob(1000000) AS bytes")
                }
            }
        }
        #expect(results.successes == [0, 1, 2, 4, 5])
        let error = #expect(throws: StoreError.self) { try results[3].get() }
        #expect(error?.code == .full)
        #expect(try await bench.things() == [0, 1, 2, 4, 5])
        #expect(try await bench.signals().sorted() == [0, 1, 2, 4, 5])
        #expect(try await bench.store.verifyOutbox().isWhole)
    }

    @Test func `a body that rolls the transaction back does not affect the others`() async throws {
        let bench = try await Bench()
        let results = try await bench.together(5) { number in
            try await bench.store.transaction { transaction in
                try Bench.write(number, transaction)
                if number == 2 { try transaction.database.execute(sql: "ROLLBACK") }
            }
        }
        #expect(results.successes == [0, 1, 3, 4])
        #expect(try await bench.things() == [0, 1, 3, 4])
        #expect(try await bench.signals().sorted() == [0, 1, 3, 4])
    }

    @Test func `a body that ignores the loss of the transaction fails`() async throws {
        let bench = try await Bench()
        let results = try await bench.together(3) { number in
            try await bench.store.transaction { transaction in
                if number == 1 {
                    try? transaction.database.execute(sql: "INSERT OR ROLLBACK INTO thing VALUES (1), (1)")
                } else {
                    try Bench.write(number, transaction)
                }
            }
        }
        #expect(results.successes == [0, 2])
        #expect(try await bench.things() == [0, 2])
    }

    @Test func `after the loss, a body that finds another database locked fails alone`() async throws {
        let bench = try await Bench()
        let results = try await bench.together(6) { number in
            try await bench.store.transaction { transaction in
                switch number {
                case 0: try transaction.database.execute(sql: "ROLLBACK")
                case 1, 2: throw DatabaseError(resultCode: .SQLITE_BUSY)
                default: try Bench.write(number, transaction)
                }
            }
        }
        #expect(results.successes == [3, 4, 5])
        #expect(try await bench.things() == [3, 4, 5])
        let error = #expect(throws: StoreError.self) { try results[1].get() }
        #expect(error?.code == .busy)
    }

    @Test func `a body that commits the transaction itself does not run the earlier ones again`() async throws
    {
        let bench = try await Bench()
        let runs = Notes<Int>()
        let results = try await bench.together(6) { number in
            try await bench.store.transaction { transaction in
                runs.add(number)
                try Bench.write(number, transaction)
                if number == 2 { try transaction.database.execute(sql: "COMMIT") }
            }
        }
        #expect(results.successes == [0, 1, 3, 4, 5])
        #expect(runs.all.sorted() == [0, 1, 2, 3, 4, 5])
        // What it committed stays, as it does without a group.
        #expect(try await bench.things() == Array(0..<6))
    }

    @Test func `a lock of another connection fails all waiting transactions, and no body runs`() async throws
    {
        let bench = try await Bench()
        let other = try DatabaseQueue(path: bench.folder.file("auth.sqlite"))
        try await bench.store.database.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA busy_timeout = 1")
        }
        let runs = Notes<Int>()
        let errors = Notes<StoreError.Code?>()
        try await withLock(of: other) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<10 {
                    group.addTask {
                        do {
                            try await bench.store.transaction { transaction in
                                runs.add(number)
                                try Bench.write(number, transaction)
                            }
                        } catch { errors.add((error as? StoreError)?.code) }
                    }
                }
                try await group.waitForAll()
            }
        }
        #expect(errors.all == Array(repeating: .busy, count: 10))
        #expect(runs.all.isEmpty)
        try await bench.store.transaction { transaction in try Bench.write(1, transaction) }
        #expect(try await bench.things() == [1])
    }

    /// Runs `body` while another connection holds the write lock.
    private func withLock(of queue: DatabaseQueue, _ body: @Sendable () async throws -> Void) async throws {
        let isLocked = Locked(false)
        let release = DispatchSemaphore(value: 0)
        let holding = Task {
            try await queue.write { _ in
                isLocked.change { $0 = true }
                release.wait()
            }
        }
        do {
            defer { release.signal() }
            try await eventually("the file is locked") { isLocked.value }
            try await body()
        }
        try await holding.value
    }
}
