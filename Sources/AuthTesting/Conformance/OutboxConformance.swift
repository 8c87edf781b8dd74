// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Testing

/// The contract of an `Outbox` as a list of checks that every implementation must pass.
public enum OutboxConformance {
    /// An empty outbox, and the ways to fill it.
    public struct Subject: Sendable {
        public var outbox: any Outbox
        /// Commits drafts in one transaction.
        public var commit: @Sendable ([SignalDraft]) async throws -> Void
        /// Emits drafts in a transaction and rolls it back.
        public var rollBack: @Sendable ([SignalDraft]) async throws -> Void
        /// Takes the relay lease from its holder; nil if the outbox's lease cannot be lost.
        public var loseLease: (@Sendable () async throws -> Void)?

        public init(
            _ outbox: any Outbox, commit: @escaping @Sendable ([SignalDraft]) async throws -> Void,
            rollBack: @escaping @Sendable ([SignalDraft]) async throws -> Void,
            loseLease: (@Sendable () async throws -> Void)? = nil
        ) {
            self.outbox = outbox
            self.commit = commit
            self.rollBack = rollBack
            self.loseLease = loseLease
        }

        /// The in-memory outbox. It has no transactions, so a rollback does nothing.
        public init(_ outbox: MemoryOutbox) {
            self.init(
                outbox, commit: { outbox.commit($0) }, rollBack: { _ in },
                loseLease: { outbox.loseRelayLease() })
        }

        /// All pending rows that are due, read in pages of `limit`.
        func all(limit: Int = 100, now: Date = Self.now) async throws -> [OutboxRow] {
            var rows: [OutboxRow] = []
            var cursor: Int64 = 0
            while true {
                let page = try await outbox.rows(after: cursor, limit: limit, now: now)
                #expect(page.rows.count <= limit)
                #expect(page.rows.allSatisfy { $0.sequence > cursor && $0.sequence <= page.cursor })
                rows += page.rows
                if page.cursor == cursor { return rows }
                cursor = page.cursor
            }
        }

        /// Commits `count` drafts with that subject and returns their rows.
        func rows(_ count: Int, subject: String? = nil) async throws -> [OutboxRow] {
            let before = Set(try await all(now: .distantFuture).map(\.sequence))
            try await commit((0..<count).map { .test($0, subject: subject) })
            return try await all(now: .distantFuture).filter { !before.contains($0.sequence) }
        }

        func settle(_ rows: [OutboxRow], _ result: OutboxSettlement.Result) async throws {
            try await outbox.settle(
                rows.map { OutboxSettlement(sequence: $0.sequence, result: result, at: Self.now) })
        }

        static let now = Date(timeIntervalSince1970: 1_795_420_900)
        static let later = now.addingTimeInterval(60)
    }

    public typealias Sentence = ContractSentence<Subject>

    public static let sentences: [Sentence] = reading + settling + settingBack + relaying
}
