// SPDX-License-Identifier: Apache-2.0
public import AuthSignals
public import Foundation
import Synchronization

/// An in-memory outbox, for tests without a store.
public final class MemoryOutbox: Outbox {
    private struct Row {
        var row: OutboxRow
        var notBefore: Date?

        func isDue(_ now: Date) -> Bool {
            guard let notBefore else { return true }
            return notBefore <= now || notBefore > now.addingTimeInterval(OutboxSettlement.longestWait)
        }
    }
    private struct State {
        var rows: [Int64: Row] = [:]
        var order: [Int64] = []
        var last: Int64 = 0
        var confirmed: [Int64] = []
        var unrouted: [Int64] = []
        var parked: [Int64: String] = [:]
        var wakeUps: [Int: AsyncStream<Void>.Continuation] = [:]
        var nextStream = 0
        var pausedSince: Date?

        /// The pending rows after `cursor` that satisfy `isWanted`, in order.
        func rows(after cursor: Int64, limit: Int, where isWanted: (Row) -> Bool) -> [OutboxRow] {
            var low = 0
            var high = order.count
            while low < high {
                let middle = (low + high) / 2
                if order[middle] <= cursor { low = middle + 1 } else { high = middle }
            }
            var found: [OutboxRow] = []
            for sequence in order[low...] where found.count < limit {
                if let row = rows[sequence], isWanted(row) { found.append(row.row) }
            }
            return found
        }
    }

    private let state = Mutex(State())
    private let lease = MemoryLease()

    public init() {}

    /// Commits drafts as one transaction and returns their sequence numbers.
    @discardableResult
    public func commit(_ drafts: [SignalDraft]) -> [Int64] {
        let (sequences, streams) = state.withLock { state in
            let sequences = drafts.map { draft in
                state.last += 1
                state.rows[state.last] = Row(row: OutboxRow(sequence: state.last, draft: draft))
                state.order.append(state.last)
                return state.last
            }
            return (sequences, Array(state.wakeUps.values))
        }
        if !sequences.isEmpty { for stream in streams { stream.yield() } }
        return sequences
    }

    /// The pending rows, in order.
    public var pending: [OutboxRow] {
        state.withLock { $0.rows(after: 0, limit: .max) { _ in true } }
    }
    /// The sequence numbers of confirmed rows, in the order of settling.
    public var confirmed: [Int64] { state.withLock { $0.confirmed } }
    /// The sequence numbers of unrouted rows, which no queue received.
    public var unrouted: [Int64] { state.withLock { $0.unrouted } }
    /// The parked rows, which were permanently refused, with the reasons.
    public var parked: [Int64: String] { state.withLock { $0.parked } }

    public func acquireRelayLease() async throws -> any Lease { try await lease.acquire() }

    /// Takes the relay lease from its holder, as a lost connection to the store does. The next one that waits gets it.
    public func loseRelayLease() { lease.lose() }

    /// Whether a relay waits for the lease.
    public var isRelayLeaseAwaited: Bool { lease.isAwaited }

    public func rows(after cursor: Int64, limit: Int, now: Date) async throws -> OutboxPage {
        state.withLock { state in
            let looked = state.rows(after: cursor, limit: limit) { _ in true }
            return OutboxPage(
                rows: looked.filter { state.rows[$0.sequence]?.isDue(now) ?? true },
                cursor: looked.last?.sequence ?? cursor, hasMore: looked.count >= limit)
        }
    }

    public func dueRows(upTo cursor: Int64, limit: Int, now: Date) async throws -> [OutboxRow] {
        state.withLock { state in
            state.rows(after: 0, limit: limit) { row in
                row.row.sequence <= cursor && row.notBefore != nil && row.isDue(now)
            }
        }
    }

    public func rows(
        ofSubject subject: String, after sequence: Int64, limit: Int
    ) async throws -> [OutboxRow] {
        state.withLock { state in
            state.rows(after: sequence, limit: limit) { $0.row.draft.subject == subject }
        }
    }

    public func settle(_ settlements: [OutboxSettlement]) async throws {
        state.withLock { state in
            for settlement in settlements {
                let sequence = settlement.sequence
                guard state.rows[sequence] != nil else { continue }
                switch settlement.result {
                case .retry(let date, _):
                    state.rows[sequence]?.row.attempts += 1
                    state.rows[sequence]?.notBefore = date
                    continue
                case .confirmed: state.confirmed.append(sequence)
                case .unrouted: state.unrouted.append(sequence)
                case .parked(let reason): state.parked[sequence] = reason
                }
                state.rows[sequence] = nil
            }
            if state.order.count > 2 * state.rows.count { state.order = state.rows.keys.sorted() }
        }
    }

    public func wakeUps() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.nextStream += 1
            state.wakeUps[state.nextStream] = continuation
            return state.nextStream
        }
        continuation.onTermination = { [weak self] _ in
            _ = self?.state.withLock { $0.wakeUps.removeValue(forKey: number) }
        }
        return stream
    }

    public func status() async throws -> OutboxStatus {
        state.withLock { state in
            OutboxStatus(
                pending: state.rows.count, oldestPending: state.rows.values.map(\.row.draft.time).min(),
                unrouted: state.unrouted.count, parked: state.parked.count, confirmed: state.confirmed.count,
                emitted: Int(state.last), pausedSince: state.pausedSince)
        }
    }

    /// Pauses the relay as an operator does; nil resumes it.
    public func pause(since date: Date?) { state.withLock { $0.pausedSince = date } }

    public func pausedSince() async throws -> Date? { state.withLock { $0.pausedSince } }
}
