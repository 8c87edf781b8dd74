// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Synchronization
import Testing

@testable import AuthSQLiteStore

@Suite("Concurrent transactions that share a commit") struct SharedCommitTests {
    private typealias Bench = SharedCommitBench
    private struct Failed: Error {}

    @Test func `concurrent transactions are committed together, in the order in which they began`()
        async throws
    {
        let bench = try await Bench()
        let results = try await bench.together(60) { number in
            try await bench.store.transaction { transaction in try Bench.write(number, transaction) }
        }
        #expect(results.successes.count == 60)
        // The running one, and all others together.
        #expect(bench.recorder.count == 2)
        #expect(try await bench.things() == Array(0..<60))
        #expect(try await bench.store.pending().map(\.sequence) == Array(1...60))
        await bench.store.receiversFinished()
        let signals = try await bench.signals()
        #expect(bench.received.all == signals)
        #expect(try await bench.store.verifyOutbox().isWhole)
    }

    @Test func `more transactions than share a commit are committed in several groups`() async throws {
        let bench = try await Bench()
        bench.store.limitSharedCommits(to: 7)
        let results = try await bench.together(20) { number in
            try await bench.store.transaction { transaction in try Bench.write(number, transaction) }
        }
        #expect(results.successes.count == 20)
        #expect(bench.recorder.count == 1 + 3)
    }

    @Test func `single transactions are committed at once, each by itself`() async throws {
        let bench = try await Bench()
        for number in 0..<5 {
            try await bench.store.transaction { transaction in try Bench.write(number, transaction) }
            #expect(bench.recorder.count == number + 1)
            #expect(bench.store.database.isCommitted(number))
        }
    }

    @Test func `each caller gets the result of its own transaction`() async throws {
        let bench = try await Bench()
        let results = Notes<[Int]>()
        _ = try await bench.together(20) { number in
            let result = try await bench.store.transaction { (_: SQLiteTransaction) in number * number }
            results.add([number, result])
        }
        #expect(results.all.count == 20)
        #expect(results.all.allSatisfy { $0[1] == $0[0] * $0[0] })
    }

    @Test func `a transaction that throws is rolled back alone`() async throws {
        let bench = try await Bench()
        let results = try await bench.together(10) { number in
            try await bench.store.transaction { transaction in
                try Bench.write(number, transaction)
                if number % 3 == 0 { throw Failed() }
            }
        }
        let kept = [1, 2, 4, 5, 7, 8]
        #expect(results.successes == kept)
        for number in [0, 3, 6, 9] { #expect(throws: Failed.self) { try results[number].get() } }
        #expect(bench.recorder.count == 2)
        #expect(try await bench.things() == kept)
        #expect(try await bench.signals().sorted() == kept)
        // The numbers of rolled-back signals are used by the next ones.
        #expect(try await bench.store.pending().map(\.sequence) == Array(1...6))
        await bench.store.receiversFinished()
        let signals = try await bench.signals()
        #expect(bench.received.all == signals)
        #expect(try await bench.store.verifyOutbox().isWhole)
    }

    @Test func `a violated constraint fails its own transaction only`() async throws {
        let bench = try await Bench()
        let results = try await bench.together(8) { number in
            try await bench.store.transaction { transaction in
                try Bench.write(number, transaction)
                // The key of a user, too.
                try transaction.insert(User.test(number < 4 ? "ada" : "user\(number)"))
            }
        }
        #expect(results.successes.count == 5)
        let winner = try #require(results.successes.first)
        #expect(winner < 4)
        for number in 0..<4 where number != winner {
            #expect(throws: StoreConflict.username) { try results[number].get() }
        }
        #expect(try await bench.things() == results.successes)
        #expect(try await bench.store.count("auth_user") == 5)
        #expect(bench.recorder.count == 2)
    }

    @Test func `a constraint that is violated by the commit fails its own transaction only`() async throws {
        let bench = try await Bench()
        let results = try await bench.together(6) { number in
            try await bench.store.transaction { transaction in
                try Bench.write(number, transaction)
                if number == 2 {
                    try transaction.database.execute(sql: "INSERT INTO part VALUES (1000)")
                }
            }
        }
        #expect(results.successes == [0, 1, 3, 4, 5])
        #expect(throws: DatabaseError.self) { try results[2].get() }
        #expect(try await bench.things() == [0, 1, 3, 4, 5])
        #expect(try await bench.signals().sorted() == [0, 1, 3, 4, 5])
        #expect(try await bench.store.verifyOutbox().isWhole)
    }

    @Test func `a later transaction of a group reads what an earlier one has written`() async throws {
        let bench = try await Bench()
        _ = try await bench.together(30) { _ in
            try await bench.store.transaction { transaction in
                let count = try Int.fetchOne(transaction.database, sql: "SELECT count(*) FROM thing") ?? -1
                try Bench.write(count, transaction)
            }
        }
        #expect(try await bench.things() == Array(0..<30))
        #expect(try await bench.signals() == Array(0..<30))
        #expect(bench.recorder.count == 2)
    }

    @Test func `a listening relay is woken by a shared commit`() async throws {
        let bench = try await Bench()
        let stream = bench.store.wakeUps()
        _ = try await bench.together(3) { number in
            try await bench.store.transaction { transaction in try Bench.write(number, transaction) }
        }
        #expect(await hears(stream))
        #expect(try await bench.signals().count == 3)
    }

    @Test func `a transaction that is cancelled while it waits does not run`() async throws {
        let bench = try await Bench()
        let isWaiting = Locked<Task<Void, any Error>?>(nil)
        let ran = Notes<Int>()
        let results = try await bench.together(5) {
            try await eventually("the task is known") { isWaiting.value != nil }
            isWaiting.value?.cancel()
        } _: { number in
            let task = Task {
                try await bench.store.transaction { transaction in
                    ran.add(number)
                    try Bench.write(number, transaction)
                }
            }
            if number == 2 { isWaiting.change { $0 = task } }
            try await task.value
        }
        #expect(throws: CancellationError.self) { try results[2].get() }
        #expect(results.successes == [0, 1, 3, 4])
        #expect(!ran.all.contains(2))
        #expect(try await bench.things() == [0, 1, 3, 4])
    }

    @Test func `a transaction whose caller is cancelled while its body runs is rolled back`() async throws {
        let bench = try await Bench()
        let own = Locked<Task<Void, any Error>?>(nil)
        let results = try await bench.together(3) {
            try await eventually("the task is known") { own.value != nil }
        } _: { number in
            let task = Task {
                try await bench.store.transaction { transaction in
                    try Bench.write(number, transaction)
                    if number == 1 { own.value?.cancel() }
                }
            }
            if number == 1 { own.change { $0 = task } }
            try await task.value
        }
        #expect(throws: CancellationError.self) { try results[1].get() }
        #expect(results.successes == [0, 2])
        #expect(try await bench.things() == [0, 2])
    }
}

extension DatabaseWriter {
    /// Whether another connection sees the row.
    fileprivate func isCommitted(_ number: Int) -> Bool {
        let found = try? read {
            try Bool.fetchOne($0, sql: "SELECT EXISTS (SELECT 1 FROM thing WHERE number = \(number))")
        }
        return found == true
    }
}
