// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
import Foundation
import Testing

/// The contract of an ``Inbox``, sentence by sentence; every implementation passes all of them.
public enum InboxConformance {
    /// An inbox that is empty, and something to write beside its marks.
    public struct Subject: Sendable {
        public var inbox: any Inbox
        /// Writes one thing in the transaction.
        public var write: @Sendable (any InboxTransaction) throws -> Void
        /// How many things were written and committed.
        public var written: @Sendable () async throws -> Int

        public init(
            _ inbox: any Inbox, write: @escaping @Sendable (any InboxTransaction) throws -> Void,
            written: @escaping @Sendable () async throws -> Int
        ) {
            self.inbox = inbox
            self.write = write
            self.written = written
        }

        /// The twin.
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
        Sentence("A message is not done until it is marked") { subject in
            let id = UUID()
            #expect(try await !subject.inbox.isDone(handler: "one", messageID: id))
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            #expect(try await subject.inbox.isDone(handler: "one", messageID: id))
        },
        Sentence("Marks are kept by handler and message") { subject in
            let id = UUID()
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            #expect(try await !subject.inbox.isDone(handler: "two", messageID: id))
            #expect(try await !subject.inbox.isDone(handler: "one", messageID: UUID()))
        },
        Sentence("Marking twice is marking once") { subject in
            let id = UUID()
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            try await subject.inbox.markDone(
                handler: "one", messageID: id, at: Subject.now.addingTimeInterval(9))
            #expect(try await subject.inbox.prune(before: Subject.now.addingTimeInterval(1)) == 1)
        },
        Sentence("What a body writes is committed with the mark, once") { subject in
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
        Sentence("A body does not run for a message that was marked without one") { subject in
            let id = UUID()
            try await subject.inbox.markDone(handler: "one", messageID: id, at: Subject.now)
            let ran = try await subject.inbox.once(
                handler: "one", messageID: id, at: Subject.now, subject.write)
            #expect(!ran)
            #expect(try await subject.written() == 0)
        },
        Sentence("A throw leaves neither the mark nor what the body wrote") {
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
        Sentence("Of many at once exactly one runs its body") { subject in
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
        Sentence("Pruning forgets the marks that are older, and no others") { subject in
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
