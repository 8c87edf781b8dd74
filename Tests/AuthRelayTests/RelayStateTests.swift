// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthTesting
import Foundation
import Testing

@testable import AuthRelay

@Suite struct RelayStateTests {
    private let now = Date(timeIntervalSince1970: 1_795_420_800)

    private func row(_ sequence: Int64, _ subject: String? = nil, attempts: Int = 0) -> OutboxRow {
        let id = UUID(
            uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, UInt8(sequence >> 8), UInt8(sequence & 255)))
        let draft = SignalDraft(
            id: id, name: TestSignal.name, subject: subject, time: now, correlationID: id,
            data: Data("{}".utf8))
        return OutboxRow(sequence: sequence, draft: draft, attempts: attempts)
    }

    /// A relaying state, after its first reads.
    private func relaying() -> RelayState {
        var state = RelayState(settings: RelaySettings())
        #expect(state.start() == [.awaitReady(after: .zero)])
        #expect(state.handle(.ready, at: now) == [.read(.deferred(limit: 10_000))])
        #expect(
            state.handle(.found(.deferred(limit: 10_000), rows: [], cursor: 0), at: now)
                == [.read(.new(after: 0, limit: 500))])
        return state
    }

    private func found(_ rows: [OutboxRow], after: Int64 = 0, hasMore: Bool = true) -> RelayEvent {
        .found(
            .new(after: after, limit: 500), rows: rows, cursor: rows.last?.sequence ?? after, hasMore: hasMore
        )
    }

    @Test func `a nacked row is deferred by at most the longest wait that an outbox accepts`() {
        var settings = RelaySettings()
        settings.backoff.limit = .seconds(3600)
        let limit = RelayState(settings: settings).settings.backoff.limit
        #expect(limit == .seconds(OutboxSettlement.longestWait))
    }

    @Test func `publishes the rows it reads, and reads the next page meanwhile`() {
        var state = relaying()
        #expect(
            state.handle(found([row(1), row(2)]), at: now)
                == [.publish(batch: 1, rows: [row(1), row(2)]), .read(.new(after: 2, limit: 500))])
        #expect(state.handle(found([], after: 2), at: now) == [])
        #expect(state.handle(.wokenUp, at: now) == [.read(.new(after: 2, limit: 500))])
    }

    @Test func `after the last page nothing is read until a wake-up`() {
        var state = relaying()
        #expect(
            state.handle(found([row(1)], hasMore: false), at: now) == [.publish(batch: 1, rows: [row(1)])])
        #expect(state.handle(.wokenUp, at: now) == [.read(.new(after: 1, limit: 500))])
    }

    @Test func `a wake-up during a read causes another read`() {
        var state = relaying()
        #expect(state.handle(.wokenUp, at: now) == [])
        #expect(state.handle(found([]), at: now) == [.read(.new(after: 0, limit: 500))])
    }

    @Test func `while paused, nothing is read, and rows of a read in flight are not published`() {
        var state = relaying()
        #expect(state.handle(.paused(true), at: now) == [])
        #expect(state.handle(found([row(1), row(2)]), at: now) == [])
        #expect(state.handle(.wokenUp, at: now) == [])
        #expect(state.handle(.swept, at: now) == [])
        #expect(state.handle(.paused(false), at: now) == [.read(.due(upTo: 0, limit: 500))])
        #expect(
            state.handle(.found(.due(upTo: 0, limit: 500), rows: [], cursor: 0), at: now)
                == [.read(.new(after: 0, limit: 500))])
        #expect(
            state.handle(found([row(1), row(2)]), at: now)
                == [.publish(batch: 1, rows: [row(1), row(2)]), .read(.new(after: 2, limit: 500))])
    }

    @Test func `a check that finds no pause does not cause a read`() {
        var state = relaying()
        #expect(state.handle(found([]), at: now) == [])
        #expect(state.handle(.paused(false), at: now) == [])
    }

    @Test func `rows in flight are settled while paused`() {
        var state = relaying()
        _ = state.handle(found([row(1)]), at: now)
        _ = state.handle(.paused(true), at: now)
        _ = state.handle(.answered(batch: 1, [.confirmed]), at: now)
        #expect(
            state.handle(.settlementDue, at: now)
                == [.settle([OutboxSettlement(sequence: 1, result: .confirmed, at: now)])])
    }

    @Test func `outcomes are settled together after a delay`() {
        var state = relaying()
        _ = state.handle(found([row(1), row(2), row(3)]), at: now)
        let actions = state.handle(
            .answered(batch: 1, [.confirmed, .returned(code: 312, text: "NO_ROUTE"), .refused("too large")]),
            at: now)
        #expect(actions.contains(.report(.confirmed(1))))
        #expect(actions.contains(.settleLater(isRetry: false)))
        #expect(
            state.handle(.settlementDue, at: now) == [
                .settle([
                    OutboxSettlement(sequence: 1, result: .confirmed, at: now),
                    OutboxSettlement(sequence: 2, result: .unrouted, at: now),
                    OutboxSettlement(sequence: 3, result: .parked(reason: "too large"), at: now),
                ])
            ])
    }

    @Test func `a full settlement batch is settled at once`() {
        var state = relaying()
        _ = state.handle(found((1...500).map { row($0) }), at: now)
        let actions = state.handle(
            .answered(batch: 1, Array(repeating: .confirmed, count: 500)), at: now)
        #expect(actions.contains { if case .settle(let all) = $0 { all.count == 500 } else { false } })
    }

    @Test func `reads nothing while two batches are in flight`() {
        var state = relaying()
        #expect(state.handle(found((1...500).map { row($0) }), at: now).count == 2)
        let second = state.handle(found((501...1000).map { row($0) }, after: 500), at: now)
        #expect(second.count == 1)
        let answered = state.handle(.answered(batch: 1, Array(repeating: .confirmed, count: 500)), at: now)
        #expect(answered.contains(.read(.new(after: 1000, limit: 500))))
    }

    @Test func `unknown outcomes reset the cursor to the lowest row once all batches are answered`() {
        var state = relaying()
        _ = state.handle(found([row(1), row(2), row(3)]), at: now)
        _ = state.handle(found([row(4)], after: 3), at: now)
        let lost = PublishOutcome.unknown("lost")
        #expect(
            state.handle(.answered(batch: 1, [.confirmed, lost, lost]), at: now)
                == [.report(.confirmed(1)), .report(.unknown(2)), .settleLater(isRetry: false)])
        #expect(
            state.handle(.answered(batch: 2, [lost]), at: now)
                == [.report(.unknown(1)), .awaitReady(after: .zero)])
        // The result of the read in flight is ignored, because it starts after the lost rows.
        #expect(state.handle(found([row(5)], after: 4), at: now) == [])
        #expect(state.handle(.ready, at: now) == [.read(.due(upTo: 1, limit: 501))])
        #expect(
            state.handle(.found(.due(upTo: 1, limit: 501), rows: [], cursor: 1), at: now)
                == [.read(.new(after: 1, limit: 500))])
        #expect(
            state.handle(found([row(2), row(3), row(4), row(5)], after: 1), at: now).prefix(2) == [
                .publish(batch: 3, rows: [row(2), row(3), row(4), row(5)]), .report(.republished(3)),
            ])
    }

    @Test func `repeated connection losses increase the pause before reconnecting`() {
        var state = relaying()
        var pauses: [Duration] = []
        var actions = state.handle(found([row(1)]), at: now)
        for batch in 1...15 {
            _ = state.handle(found([], after: 1), at: now)
            actions = state.handle(.answered(batch: batch, [.unknown("lost")]), at: now)
            for case .awaitReady(let pause) in actions { pauses.append(pause) }
            _ = state.handle(.ready, at: now)
            _ = state.handle(.found(.due(upTo: 0, limit: 500), rows: [], cursor: 0), at: now)
            actions = state.handle(found([row(1)]), at: now)
        }
        #expect(pauses.count == 15)
        #expect(pauses.first == .zero)
        #expect(pauses == pauses.sorted())
        #expect(pauses.last == .seconds(30))
    }

    @Test func `a nacked row blocks only its subject, whose rows then follow in order`() {
        var state = relaying()
        _ = state.handle(found([row(1, "a"), row(2, "b")]), at: now)
        let nacked = state.handle(.answered(batch: 1, [.nacked, .confirmed]), at: now)
        #expect(
            nacked.contains {
                if case .report(.nacked(_, _, let delay)) = $0 { delay <= .seconds(1) } else { false }
            })
        // Rows of the same subject wait, others are published.
        let more = state.handle(found([row(3, "a"), row(4, "b"), row(5)], after: 2), at: now)
        #expect(more.first == .publish(batch: 2, rows: [row(4, "b"), row(5)]))
        _ = state.handle(found([], after: 5), at: now)
        guard case .settle(let all) = state.handle(.settlementDue, at: now).first else {
            Issue.record("nothing was settled")
            return
        }
        guard case .retry(let date, _) = all.first?.result else {
            Issue.record("it was not deferred")
            return
        }
        #expect(date > now && date <= now.addingTimeInterval(1))
        _ = state.handle(.settled, at: now)
        // Once it is due and confirmed, the blocked rows of its subject are read.
        guard case .read(let due) = state.handle(.swept, at: date).last else {
            Issue.record("nothing was read")
            return
        }
        #expect(due == .due(upTo: 5, limit: 503))
        let again = state.handle(.found(due, rows: [row(1, "a", attempts: 1)], cursor: 5), at: date)
        #expect(again.first == .publish(batch: 3, rows: [row(1, "a", attempts: 1)]))
        _ = state.handle(found([], after: 5), at: date)
        let confirmed = state.handle(.answered(batch: 3, [.confirmed]), at: date)
        let blocked = RelayRead.blocked(subject: "a", after: 1, limit: 500)
        #expect(confirmed.contains(.read(blocked)))
        let released = state.handle(.found(blocked, rows: [row(3, "a")], cursor: 1), at: date)
        #expect(released.first == .publish(batch: 4, rows: [row(3, "a")]))
        #expect(state.blocked.isEmpty)
    }

    @Test func `rows deferred by an earlier relay block their subjects`() {
        var state = RelayState(settings: RelaySettings())
        _ = state.start()
        _ = state.handle(.ready, at: now)
        _ = state.handle(
            .found(.deferred(limit: 10_000), rows: [row(1, "a", attempts: 3)], cursor: 0), at: now)
        let actions = state.handle(found([row(2, "a"), row(3, "b")]), at: now)
        #expect(actions.first == .publish(batch: 1, rows: [row(3, "b")]))
    }

    @Test func `the second of two deferred rows waits for the rows between them`() {
        var state = RelayState(settings: RelaySettings())
        _ = state.start()
        _ = state.handle(.ready, at: now)
        let deferred = [row(1, "a", attempts: 1), row(3, "a", attempts: 1)]
        _ = state.handle(.found(.deferred(limit: 10_000), rows: deferred, cursor: 0), at: now)
        // Both are due, and the row between them is new.
        let due = state.handle(found([deferred[0], row(2, "a"), deferred[1]]), at: now)
        #expect(due.first == .publish(batch: 1, rows: [deferred[0]]))
        _ = state.handle(found([], after: 3), at: now)
        let blocked = RelayRead.blocked(subject: "a", after: 1, limit: 500)
        #expect(state.handle(.answered(batch: 1, [.confirmed]), at: now).contains(.read(blocked)))
        let between = state.handle(.found(blocked, rows: [row(2, "a"), deferred[1]], cursor: 1), at: now)
        #expect(between.first == .publish(batch: 2, rows: [row(2, "a")]))
        let next = RelayRead.due(upTo: 3, limit: 503)
        #expect(between.contains(.read(next)))
        let second = state.handle(.found(next, rows: [deferred[1]], cursor: 3), at: now)
        #expect(second.first == .publish(batch: 3, rows: [deferred[1]]))
    }

    @Test func `a row that was deleted from the outbox does not block its subject forever`() {
        var state = RelayState(settings: RelaySettings())
        _ = state.start()
        _ = state.handle(.ready, at: now)
        _ = state.handle(.found(.deferred(limit: 10_000), rows: [row(1, "a")], cursor: 0), at: now)
        _ = state.handle(found([row(2, "a")]), at: now)
        _ = state.handle(found([], after: 2), at: now)
        for _ in 0..<59 {
            for case .read(let read) in state.handle(.swept, at: now) {
                for case .read(let next) in state.handle(.found(read, rows: [], cursor: 2), at: now) {
                    _ = state.handle(.found(next, rows: [], cursor: 2), at: now)
                }
            }
        }
        #expect(state.handle(.swept, at: now) == [.read(.deferred(limit: 10_000))])
        _ = state.handle(.found(.deferred(limit: 10_000), rows: [], cursor: 0), at: now)
        let blocked = state.handle(.found(.due(upTo: 2, limit: 500), rows: [], cursor: 2), at: now)
        #expect(blocked == [.read(.blocked(subject: "a", after: 1, limit: 500))])
    }

    @Test func `a stop settles the known outcomes, waits for the rows in flight, and then ends`() {
        var state = relaying()
        _ = state.handle(found([row(1)]), at: now)
        _ = state.handle(found([row(2)], after: 1), at: now)
        _ = state.handle(.answered(batch: 1, [.confirmed]), at: now)
        let first = OutboxSettlement(sequence: 1, result: .confirmed, at: now)
        #expect(state.handle(.stop, at: now) == [.settle([first])])
        #expect(state.handle(.wokenUp, at: now) == [])
        #expect(state.handle(.settled, at: now) == [])
        let second = OutboxSettlement(sequence: 2, result: .confirmed, at: now)
        #expect(
            state.handle(.answered(batch: 2, [.confirmed]), at: now)
                == [.report(.confirmed(1)), .settle([second])])
        #expect(state.handle(.settled, at: now) == [.finish])
    }

    @Test func `a stop without rows in flight ends at once, and an urgent stop ends in any case`() {
        var idle = RelayState(settings: RelaySettings())
        _ = idle.start()
        #expect(idle.handle(.stop, at: now) == [.finish])
        var busy = relaying()
        _ = busy.handle(found([row(1)]), at: now)
        #expect(busy.handle(.stop, at: now) == [])
        #expect(busy.handle(.stopNow, at: now) == [.finish])
        #expect(busy.handle(.answered(batch: 1, [.confirmed]), at: now).contains(.finish) == false)
    }

    @Test func `a failed settlement is retried with all its rows`() {
        var state = relaying()
        _ = state.handle(found([row(1)]), at: now)
        _ = state.handle(.answered(batch: 1, [.confirmed]), at: now)
        let settlement = OutboxSettlement(sequence: 1, result: .confirmed, at: now)
        #expect(state.handle(.settlementDue, at: now).last == .settle([settlement]))
        #expect(state.handle(.settlementFailed, at: now) == [.settleLater(isRetry: true)])
        #expect(state.handle(.settlementDue, at: now) == [.settle([settlement])])
        // While stopping, the row is left to the next relay.
        _ = state.handle(.stop, at: now)
        #expect(state.handle(.settlementFailed, at: now) == [.finish])
    }
}
