// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
package import AuthStore
import Foundation
package import ToolSupport

/// Commits transactions that emit signals, rolls some back, and writes the reported results to its diary.
package struct TrialWriter: Sendable {
    private let store: any OperatedStore
    private let log: TrialLog
    private let subjects: Int

    /// - Parameter subjects: the number of different subjects; about every tenth signal has no subject.
    package init(_ store: any OperatedStore, log: TrialLog, subjects: Int = 12) {
        self.store = store
        self.log = log
        self.subjects = subjects
    }

    private struct ChangedItsMind: Error {}

    /// The points at which a writer's transaction can be interrupted.
    package enum Point: Sendable { case beforeCommit, afterCommit }

    /// Runs one transaction of random size. About one in ten is rolled back, and one in forty is large.
    ///
    /// - Parameter reached: called at each ``Point``; before the commit it is called within the transaction.
    /// - Throws: the store's error; the transaction was then not committed, except after `UnknownOutcome`, where the outcome
    ///   is not recorded.
    package func write(
        _ random: inout SeededGenerator, reached: @escaping @Sendable (Point) -> Void = { _ in }
    ) async throws {
        let isLarge = Int.random(in: 0..<40, using: &random) == 0
        let count = isLarge ? 60 : Int.random(in: 1...4, using: &random)
        try await write(
            count, rollingBack: Int.random(in: 0..<10, using: &random) == 0, &random, reached: reached)
    }

    /// Runs one transaction that emits `count` signals.
    package func write(
        _ count: Int, rollingBack: Bool = false, _ random: inout SeededGenerator,
        reached: @escaping @Sendable (Point) -> Void = { _ in }
    ) async throws {
        var drafts: [SignalDraft] = []
        for number in 0..<count {
            let person = Int.random(in: 0..<subjects * 10 / 9 + 1, using: &random)
            let signal = TrialHappened(number: number, subject: person < subjects ? "person-\(person)" : nil)
            drafts.append(try TrialCodec.codec.draft(signal, at: Date()))
        }
        let (all, ids) = (drafts, drafts.map(\.id))
        log.write(.tried, ids)
        do {
            try await store.commit(all) {
                reached(.beforeCommit)
                if rollingBack { throw ChangedItsMind() }
            }
        } catch is ChangedItsMind {
            return log.write(.rolledBack, ids)
        } catch let error as UnknownOutcome {
            // Neither a commit nor a rollback was reported.
            throw error
        } catch {
            log.write(.rolledBack, ids)
            throw error
        }
        reached(.afterCommit)
        log.write(.promised, ids)
    }
}
