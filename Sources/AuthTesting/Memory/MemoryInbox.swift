// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import Synchronization

/// An in-memory inbox, for tests of handlers.
public final class MemoryInbox: Inbox {
    /// A handler and a message that it has processed.
    public struct Mark: Hashable, Sendable {
        public var handler: String
        public var messageID: UUID
    }
    private struct State {
        var marks: [Mark: Date] = [:]
        var written: [String] = []
        var begun: [Mark: Date] = [:]
    }

    /// A transaction to which handlers write values; a rollback discards them.
    public final class Transaction: InboxTransaction {
        /// The values that the body has written; they are added to ``MemoryInbox/written`` with the mark.
        public var written: [String] = []
    }

    private let state = Mutex(State())

    public init() {}

    /// The marks and their times.
    public var marks: [Mark: Date] { state.withLock { $0.marks } }
    /// The values that committed transactions have written, in order.
    public var written: [String] { state.withLock { $0.written } }

    public func isDone(handler: String, messageID: UUID) async throws -> Bool {
        state.withLock { $0.marks[Mark(handler: handler, messageID: messageID)] != nil }
    }

    public func markDone(handler: String, messageID: UUID, at time: Date) async throws {
        let mark = Mark(handler: handler, messageID: messageID)
        state.withLock { if $0.marks[mark] == nil { $0.marks[mark] = time } }
    }

    public func once(
        handler: String, messageID: UUID, at time: Date,
        _ body: @Sendable (any InboxTransaction) throws -> Void
    ) async throws -> Bool {
        let mark = Mark(handler: handler, messageID: messageID)
        return try state.withLock { state in
            guard state.marks[mark] == nil else { return false }
            let transaction = Transaction()
            try body(transaction)
            state.marks[mark] = time
            state.written += transaction.written
            return true
        }
    }

    public func noteBegun(handler: String, messageID: UUID, at time: Date) async throws {
        state.withLock { $0.begun[Mark(handler: handler, messageID: messageID)] = time }
    }

    public func begun(messageID: UUID) async throws -> [String]? {
        state.withLock { state in
            state.begun.keys.filter { $0.messageID == messageID }.map(\.handler).sorted()
        }
    }

    public func prune(before time: Date) async throws -> Int {
        state.withLock { state in
            state.begun = state.begun.filter { $0.value >= time }
            let count = state.marks.count
            state.marks = state.marks.filter { $0.value >= time }
            return count - state.marks.count
        }
    }
}
