// SPDX-License-Identifier: Apache-2.0
import AuthSignals
import AuthStore
import Foundation
import Testing

/// The contract of what operators and housekeeping call on a store, and of in-process receivers, as a list of checks
/// that every implementation must pass. ``OutboxConformance`` checks what the relay calls.
public enum OperatedStoreConformance {
    public typealias Sentence = ContractSentence<TestDatabase>

    /// All rules.
    public static let sentences = settling + operating + racing + erasing + sweeping + clockJumps + receiving

    static let everything = OutboxFilter(Set(OutboxRecord.State.allCases))

    /// A store with the numbers 1 to 5 in its outbox, of the subjects `odd` and `even`.
    private static func storeOfFive(
        _ database: TestDatabase, clock: FixedClock = FixedClock(), retention: Duration = .seconds(604_800)
    ) async throws -> any OperatedStore {
        let store = try await database.store(clock: clock) { $0.retention = retention }
        for number in 1...5 { try await store.emit(number, of: number.isMultiple(of: 2) ? "even" : "odd") }
        try await store.pending()
        return store
    }

    static let settling: [Sentence] = [
        Sentence("A confirmed or unrouted row moves to the history") { database in
            let store = try await storeOfFive(database)
            try await store.settle(.confirmed, 1, 2)
            try await store.settle(.unrouted, 3)
            #expect(try await store.pending().map(\.sequence) == [4, 5])
            #expect(try await store.records(OutboxFilter([.confirmed])).map(\.row.number) == [1, 2])
            #expect(try await store.records(OutboxFilter([.unrouted])).map(\.row.sequence) == [3])
            #expect(try await store.status().confirmed == 2)
            #expect(try await store.status().unrouted == 1)
        },
        Sentence("Without retention, a confirmed row is deleted but counted") { database in
            let store = try await storeOfFive(database, retention: .zero)
            try await store.settle(.confirmed, 1)
            try await store.settle(.unrouted, 2)
            #expect(try await store.records(OutboxFilter([.confirmed])).isEmpty)
            #expect(try await store.records(OutboxFilter([.unrouted])).map(\.row.number) == [2])
            #expect(try await store.status().confirmed == 1)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("A parked row leaves the outbox and keeps the broker's reason") { database in
            let store = try await storeOfFive(database)
            let now = FixedClock.start.addingTimeInterval(9)
            try await store.settle(.parked(reason: "406 PRECONDITION_FAILED"), 4, at: now)
            #expect(try await store.pending().map(\.sequence) == [1, 2, 3, 5])
            let parked = try #require(try await store.records(OutboxFilter([.parked])).first)
            #expect(parked.state == .parked)
            #expect(parked.reason == "406 PRECONDITION_FAILED")
            #expect(parked.settledAt == now)
            #expect(parked.row.number == 4)
            #expect(try await store.status().parked == 1)
            #expect(try await store.newestParked()?.row.sequence == 4)
        },
        Sentence("A deferred row is skipped until it is due, and then read separately from new rows") {
            database in
            let store = try await storeOfFive(database)
            let (now, later) = (FixedClock.start, FixedClock.start.addingTimeInterval(10))
            try await store.settle(.retry(at: later, reason: "nack"), 2)
            let page = try await store.rows(after: 0, limit: 2, now: now)
            #expect(page.rows.map(\.sequence) == [1])
            #expect(page.cursor == 2)
            #expect(
                try await store.rows(after: page.cursor, limit: 9, now: now).rows.map(\.sequence) == [
                    3, 4, 5,
                ])
            #expect(try await store.dueRows(upTo: 5, limit: 10, now: now).isEmpty)
            let due = try await store.dueRows(upTo: 5, limit: 10, now: later)
            #expect(due.map(\.sequence) == [2])
            #expect(due.map(\.attempts) == [1])
            #expect(try await store.dueRows(upTo: 1, limit: 10, now: later).isEmpty)
            // A relay that starts with cursor 0 reads it in sequence.
            #expect(
                try await store.rows(after: 0, limit: 9, now: later).rows.map(\.sequence) == [1, 2, 3, 4, 5])
        },
        Sentence("A page without due rows still advances the cursor") { database in
            let store = try await storeOfFive(database)
            try await store.settle(.retry(at: FixedClock.start.addingTimeInterval(10), reason: "nack"), 1, 2)
            let page = try await store.rows(after: 0, limit: 2, now: FixedClock.start)
            #expect(page.rows.isEmpty)
            #expect(page.cursor == 2)
            let last = try await store.rows(after: 5, limit: 2, now: FixedClock.start)
            #expect(last.rows.isEmpty)
            #expect(last.cursor == 5)
        },
        Sentence("Settling a row again is ignored, and it is counted once") { database in
            let store = try await storeOfFive(database)
            try await store.settle(.confirmed, 1)
            try await store.settle(.confirmed, 1, 2)
            try await store.settle(.unrouted, 1, 99)
            try await store.settle(.parked(reason: "x"), 1)
            try await store.settle(.retry(at: FixedClock.start, reason: "x"), 1)
            let status = try await store.status()
            #expect(status.confirmed == 2)
            #expect(status.unrouted == 0)
            #expect(status.parked == 0)
            #expect(status.pending == 3)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Rows settled together get their own results, and rows between them stay pending") {
            database in
            let store = try await storeOfFive(database)
            let (now, later) = (FixedClock.start, FixedClock.start.addingTimeInterval(5))
            // Not in emission order, with a gap at 3, a different result among them and two times.
            try await store.settle([
                OutboxSettlement(sequence: 4, result: .confirmed, at: now),
                OutboxSettlement(sequence: 5, result: .confirmed, at: later),
                OutboxSettlement(sequence: 1, result: .confirmed, at: now),
                OutboxSettlement(sequence: 2, result: .unrouted, at: now),
            ])
            #expect(try await store.pending().map(\.sequence) == [3])
            let confirmed = try await store.records(OutboxFilter([.confirmed]))
            #expect(confirmed.map(\.row.number) == [1, 4, 5])
            #expect(confirmed.map(\.settledAt) == [now, now, later])
            #expect(try await store.records(OutboxFilter([.unrouted])).map(\.row.number) == [2])
            #expect(try await store.status().confirmed == 3)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Settlements with different results are counted each under its own") { database in
            let store = try await storeOfFive(database)
            let now = FixedClock.start
            try await store.settle([
                OutboxSettlement(sequence: 1, result: .confirmed, at: now),
                OutboxSettlement(sequence: 2, result: .unrouted, at: now),
                OutboxSettlement(
                    sequence: 3, result: .retry(at: now.addingTimeInterval(1), reason: "nack"), at: now),
                OutboxSettlement(sequence: 4, result: .parked(reason: "no"), at: now),
            ])
            #expect(
                try await store.status()
                    == OutboxStatus(
                        pending: 2, oldestPending: now, unrouted: 1, parked: 1, confirmed: 1, emitted: 5))
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("The broker's result is stored even if the relay's task is cancelled") { database in
            let store = try await storeOfFive(database)
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await store.settle(.confirmed, 1)
            }
            try await task.value
            #expect(try await store.status().confirmed == 1)
        },
        Sentence("Truncates a reason to one kibibyte") { database in
            let store = try await storeOfFive(database)
            try await store.settle(.parked(reason: String(repeating: "ä", count: 2000)), 1)
            let reason = try await store.records(OutboxFilter([.parked])).first?.reason
            #expect(reason?.utf8.count == 1024)
        },
        Sentence("The status of an empty outbox is all zero") { database in
            let store = try await database.store()
            let nothing = OutboxStatus(
                pending: 0, oldestPending: nil, unrouted: 0, parked: 0, confirmed: 0, emitted: 0)
            #expect(try await store.status() == nothing)
            #expect(try await store.newestParked() == nil)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Settlements, republications and an erasure at the same time lose no row and double none") {
            database in
            let stores = [try await database.store(), try await database.store()]
            try await stores[0].emit(0..<200, of: "bob")
            try await stores[0].emit(200..<220, of: "ada")
            let rows = try await stores[0].pending()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in stride(from: 0, to: rows.count, by: 20) {
                    let part = rows[index..<min(index + 20, rows.count)].map(\.sequence)
                    group.addTask {
                        for result in [OutboxSettlement.Result.unrouted, .confirmed, .parked(reason: "no")] {
                            try await stores[index / 20 % 2].settle(
                                part.map {
                                    OutboxSettlement(sequence: $0, result: result, at: FixedClock.start)
                                })
                            _ = try await stores[1].republish(
                                OutboxFilter([.unrouted, .parked], subject: "bob"))
                        }
                    }
                }
                group.addTask { _ = try await stores[1].erase(subject: "ada") }
                try await group.waitForAll()
            }
            let faults = try await stores[0].verifyOutbox().faults
            #expect(faults == [])
            let left = try await stores[0].records(everything)
            #expect(left.map(\.row.sequence) == Array(1...200))
        },
    ]
}
