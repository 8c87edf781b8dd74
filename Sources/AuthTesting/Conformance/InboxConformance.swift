// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Testing

/// The contract of an `Inbox` as a list of checks that every implementation must pass.
public enum InboxConformance {
    /// An empty inbox, and a way to write application data in its transactions.
    public struct Subject: Sendable {
        public var inbox: any Inbox
        /// Writes one value in the transaction.
        public var write: @Sendable (any InboxTransaction) throws -> Void
        /// The number of values that were written and committed.
        public var written: @Sendable () async throws -> Int

        public init(
            _ inbox: any Inbox, write: @escaping @Sendable (any InboxTransaction) throws -> Void,
            written: @escaping @Sendable () async throws -> Int
        ) {
            self.inbox = inbox
            self.write = write
            self.written = written
        }

        /// The in-memory inbox.
        public init(_ inbox: MemoryInbox) {
            self.init(
                inbox,
                write: { transaction in
                    try #require(transaction as? MemoryInbox.Transaction).written.append("a thing")
                },
                written: { inbox.written.count })
        }

        static let now = Date(timeIntervalSince1970: 1_795_420_900)
    }

    public typealias Sentence = ContractSentence<Subject>
    private struct Failure: Error {}

    public static let sentences: [Sentence] = [
        Sentence("A message is not done before it is marked") { subject in
            let id = UUID()
            #expect(try await !subject.inbox.isDone(handler: "one", messageID: id))
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            #expect(try await subject.inbox.isDone(handler: "one", messageID: id))
        },
        Sentence("Marks are stored by handler and message") { subject in
            let id = UUID()
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            #expect(try await !subject.inbox.isDone(handler: "two", messageID: id))
            #expect(try await !subject.inbox.isDone(handler: "one", messageID: UUID()))
        },
        Sentence("Marking a message twice keeps the first mark") { subject in
            let id = UUID()
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            try await subject.inbox.markDone(
                handler: "one", messageID: id, at: Subject.now.addingTimeInterval(9))
            #expect(try await subject.inbox.prune(before: Subject.now.addingTimeInterval(1)) == 1)
        },
        Sentence("The writes of a body are committed once, together with the mark") { subject in
            let id = UUID()
            let first = try await subject.inbox.once(
                handler: "one", messageID: id, at: Subject.now, subject.write)
            let second = try await subject.inbox.once(
                handler: "one", messageID: id, at: Subject.now, subject.write)
            #expect(first)
            #expect(!second)
            #expect(try await subject.written() == 1)
            #expect(try await subject.inbox.isDone(handler: "one", messageID: id))
        },
        Sentence("A body does not run for a message that is already marked") { subject in
            let id = UUID()
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            let ran = try await subject.inbox.once(
                handler: "one", messageID: id, at: Subject.now, subject.write)
            #expect(!ran)
            #expect(try await subject.written() == 0)
        },
        Sentence("If the body throws, neither the mark nor its writes are kept") {
            (subject: Subject) async throws -> Void in
            let id = UUID()
            await #expect(throws: Failure.self) {
                try await subject.inbox.once(handler: "one", messageID: id, at: Subject.now) { transaction in
                    try subject.write(transaction)
                    throw Failure()
                }
            }
            #expect(try await subject.written() == 0)
            #expect(try await !subject.inbox.isDone(handler: "one", messageID: id))
            #expect(
                try await subject.inbox.once(handler: "one", messageID: id, at: Subject.now, subject.write))
            #expect(try await subject.written() == 1)
        },
        Sentence("Of many concurrent calls exactly one runs its body") { subject in
            let id = UUID()
            let runs = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        try await subject.inbox.once(
                            handler: "one", messageID: id, at: Subject.now, subject.write)
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(runs == 1)
            #expect(try await subject.written() == 1)
        },
        Sentence("Pruning deletes older marks and no others") { subject in
            let old = (0..<2500).map { _ in UUID() }
            for id in old.prefix(3) {
                _ = try await subject.inbox.once(
                    handler: "two", messageID: id, at: Subject.now.addingTimeInterval(-1)
                ) { _ in }
            }
            for id in old {
                try await subject.inbox.markDone(
                    handler: "one", messageID: id, at: Subject.now.addingTimeInterval(-1))
            }
            let young = UUID()
            try await subject.inbox.markDone(handler: "one", messageID: young, at: Subject.now)
            #expect(try await subject.inbox.prune(before: Subject.now) == 2503)
            #expect(try await subject.inbox.isDone(handler: "one", messageID: young))
            #expect(try await !subject.inbox.isDone(handler: "one", messageID: old[0]))
            #expect(try await subject.inbox.prune(before: Subject.now) == 0)
        },
    ]
}
