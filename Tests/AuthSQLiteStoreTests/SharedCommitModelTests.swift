// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing
import ToolSupport

@testable import AuthSQLiteStore

/// Random transactions of several writers, with random failures: the rows are those of the reported successes.
@Suite("Shared commits, compared with a model") struct SharedCommitModelTests {
    private typealias Bench = SharedCommitBench
    private struct Failed: Error {}

    /// What a transaction does besides its own row and signal.
    private enum Step: CaseIterable {
        case nothing, throwing, violating, violatingAtCommit, rollingBack, hidingItsLoss, cancelled
    }

    private static let writers = 12
    private static let turns = 30

    /// Seeds with which receivers once received a signal twice.
    private static let kept: [UInt64] = [5_044_341_504_054_233_015, 15_623_535_147_164_700_437]

    @Test(arguments: kept + TestSeed.many(4))
    func `the rows and signals are those of the reported successes`(seed: UInt64) async throws {
        let bench = try await Bench()
        // The row that a violation collides with.
        try await bench.store.transaction { transaction in
            try transaction.database.execute(sql: "INSERT INTO thing VALUES (-1)")
        }
        var generator = SeededGenerator(seed: seed)
        bench.store.limitSharedCommits(to: Int.random(in: 2...10, using: &generator))
        bench.recorder.refuse(every: Int.random(in: 3...9, using: &generator))
        let succeeded = Notes<Int>()
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<Self.writers {
                var own = SeededGenerator(seed: generator.next())
                let steps = (0..<Self.turns).map { _ in
                    own.oneIn(2) ? Step.nothing : Step.allCases.randomElement(using: &own) ?? .nothing
                }
                group.addTask {
                    for (turn, step) in steps.enumerated() {
                        let number = writer * Self.turns + turn
                        let task = Task { try await Self.run(step, number, on: bench.store) }
                        if step == .cancelled { task.cancel() }
                        if (try? await task.value) != nil { succeeded.add(number) }
                    }
                }
            }
        }
        bench.recorder.refuse(every: nil)
        let expected = succeeded.all.sorted()
        let rows = try await bench.store.pending()
        await bench.store.receiversFinished()
        #expect(try await bench.things() == [-1] + expected, "seed \(seed)")
        #expect(rows.compactMap(\.number).sorted() == expected, "seed \(seed)")
        #expect(rows.map(\.sequence) == rows.indices.map { Int64($0 + 1) }, "seed \(seed)")
        // Receivers get committed signals in the order of their numbers.
        #expect(bench.received.all == rows.compactMap(\.number), "seed \(seed)")
        #expect(try await bench.store.verifyOutbox().isWhole, "seed \(seed)")
    }

    private static func run(_ step: Step, _ number: Int, on store: SQLiteStore) async throws {
        try await store.transaction { (transaction: SQLiteTransaction) in
            try Bench.write(number, transaction)
            switch step {
            case .nothing, .cancelled: break
            case .throwing: throw Failed()
            case .violating: try transaction.database.execute(sql: "INSERT INTO thing VALUES (-1)")
            case .violatingAtCommit: try transaction.database.execute(sql: "INSERT INTO part VALUES (-2)")
            case .rollingBack: try transaction.database.execute(sql: "ROLLBACK")
            case .hidingItsLoss:
                try? transaction.database.execute(sql: "INSERT OR ROLLBACK INTO thing VALUES (-1)")
            }
        }
    }
}
