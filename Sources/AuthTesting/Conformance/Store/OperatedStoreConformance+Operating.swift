// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

private struct OtherHappened: Signal {
    static let name: SignalName = "other.thing_happened"
    var request = SignalRequest()
    var subject: String? { nil }
    enum CodingKeys: String, CodingKey { case request }
}

extension OperatedStoreConformance {
    /// A store with rows in every state, emitted a second apart.
    ///
    /// 1 pending, 2 confirmed, 3 unrouted, 4 parked, 5 deferred, 6 another name.
    private struct Mixed {
        let clock = FixedClock()
        let store: any OperatedStore
        var now: Date { clock.now() }

        init(_ database: TestDatabase) async throws {
            store = try await database.store(clock: clock)
            for number in 1...5 {
                try await store.emit(number, of: "subject \(number)")
                clock.advance(by: .seconds(1))
            }
            try await store.transaction { transaction in try transaction.emit(OtherHappened()) }
            try await store.pending()
            let now = clock.now()
            try await store.settle(.confirmed, 2, at: now)
            try await store.settle(.unrouted, 3, at: now)
            try await store.settle(.parked(reason: "no"), 4, at: now)
            try await store.settle(.retry(at: now.addingTimeInterval(100), reason: "nack"), 5)
        }

        func found(_ filter: OutboxFilter) async throws -> [Int64] {
            try await store.records(filter).map(\.row.sequence)
        }
    }

    static let operating: [Sentence] = [
        Sentence("Finds rows by state, name, subject, time and id") { database in
            let mixed = try await Mixed(database)
            let all = Set(OutboxRecord.State.allCases)
            #expect(try await mixed.found(everything) == [1, 2, 3, 4, 5, 6])
            #expect(try await mixed.found(OutboxFilter([.pending])) == [1, 5, 6])
            #expect(try await mixed.found(OutboxFilter(all, name: "other.#")) == [6])
            #expect(try await mixed.found(OutboxFilter(all, subject: "subject 3")) == [3])
            let (from, to) = (mixed.now.addingTimeInterval(-4), mixed.now.addingTimeInterval(-2))
            #expect(try await mixed.found(OutboxFilter(all, from: from, to: to)) == [2, 3])
            let parked = try #require(try await mixed.store.records(OutboxFilter([.parked])).first)
            #expect(try await mixed.found(OutboxFilter(all, ids: [parked.row.draft.id])) == [4])
            #expect(try await mixed.found(OutboxFilter(all, sequence: 4)) == [4])
            #expect(try await mixed.found(OutboxFilter(all, ids: [parked.row.draft.id], sequence: 3)) == [])
            #expect(try await mixed.found(OutboxFilter(all, ids: [])) == [])
            let page = try await mixed.store.outboxRecords(everything, after: 2, limit: 2)
            #expect(page.map(\.row.sequence) == [3, 4])
        },
        Sentence("Finds the newest rows below a number, newest first") { database in
            let mixed = try await Mixed(database)
            let all = Set(OutboxRecord.State.allCases)
            func newest(_ states: Set<OutboxRecord.State>, _ before: Int64, _ limit: Int) async throws
                -> [Int64]
            {
                try await mixed.store.newestOutboxRecords(states, before: before, limit: limit)
                    .map(\.row.sequence)
            }
            #expect(try await newest(all, .max, 100) == [6, 5, 4, 3, 2, 1])
            #expect(try await newest(all, .max, 2) == [6, 5])
            #expect(try await newest(all, 5, 2) == [4, 3])
            #expect(try await newest([.unrouted, .pending], 6, 100) == [5, 3, 1])
            #expect(try await newest([.confirmed], .max, 1) == [2])
            #expect(try await newest([], .max, 100) == [])
            #expect(try await newest(all, .max, -1) == [])
            #expect(try await newest(all, .min, 100) == [])
            let records = try await mixed.store.newestOutboxRecords(all, before: 6, limit: 4)
            #expect(records.map(\.state) == [.pending, .parked, .unrouted, .confirmed])
            #expect(records.map(\.reason) == ["nack", "no", nil, nil])
        },
        Sentence("The newest rows include one that no relay has read yet") { database in
            let store = try await database.store()
            try await store.emit(1, of: "ada")
            let newest = try await store.newestOutboxRecords([.pending], before: .max, limit: 10)
            #expect(newest.map(\.row.sequence) == [1])
        },
        Sentence("Finds rows by their numbers in any state, and skips unknown numbers") { database in
            let mixed = try await Mixed(database)
            let records = try await mixed.store.outboxRecords(numbered: [7, 4, 2, 1, 3, -1])
            #expect(records.map(\.row.sequence) == [1, 2, 3, 4])
            #expect(records.map(\.state) == [.pending, .confirmed, .unrouted, .parked])
            #expect(try await mixed.store.outboxRecords(numbered: []) == [])
        },
        Sentence("An operator finds a row that no relay has read yet") { database in
            let store = try await database.store()
            try await store.emit(1, of: "ada")
            #expect(try await store.records(OutboxFilter([.pending])).map(\.row.number) == [1])
            #expect(try await store.records(OutboxFilter([.pending])).map(\.row.sequence) == [1])
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("A deferred row shows its due time and the reason") { database in
            let mixed = try await Mixed(database)
            let record = try #require(
                try await mixed.store.records(OutboxFilter([.pending], subject: "subject 5")).first)
            #expect(record.notBefore == mixed.now.addingTimeInterval(100))
            #expect(record.reason == "nack")
            #expect(record.settledAt == nil)
        },
        Sentence("A republished row keeps its id, sequence and time, and is read behind the cursor") {
            database in
            let mixed = try await Mixed(database)
            let store = mixed.store
            let settled = try await store.records(OutboxFilter([.unrouted, .parked, .confirmed]))
            #expect(try await store.republish(OutboxFilter([.unrouted, .parked, .confirmed])) == 3)
            let due = try await store.dueRows(upTo: 6, limit: 10, now: mixed.now)
            #expect(due == settled.map(\.row))
            #expect(due.map(\.sequence) == [2, 3, 4])
            let status = try await store.status()
            #expect(status.pending == 6)
            #expect(status.unrouted + status.parked + status.confirmed == 0)
            #expect(status.emitted == 6)
            #expect(try await store.verifyOutbox().faults == [])

            try await store.settle(.confirmed, 2, 3, 4)
            #expect(try await store.status().confirmed == 3)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Republishing a row resets its attempts") { database in
            let mixed = try await Mixed(database)
            let filter = OutboxFilter([.parked], subject: "subject 5")
            try await mixed.store.settle(.parked(reason: "no"), 5)
            #expect(try await mixed.store.records(filter).first?.row.attempts == 1)
            _ = try await mixed.store.republish(filter)
            let due = try await mixed.store.dueRows(upTo: 6, limit: 10, now: mixed.now)
            #expect(due.map(\.attempts) == [0])
        },
        Sentence("Republishing a deferred row makes it due at once") { database in
            let mixed = try await Mixed(database)
            #expect(try await mixed.store.republish(OutboxFilter([.pending])) == 1)
            let due = try await mixed.store.dueRows(upTo: 6, limit: 10, now: mixed.now)
            #expect(due.map(\.sequence) == [5])
        },
        Sentence("Republishes only rows that match the filter") { database in
            let mixed = try await Mixed(database)
            #expect(try await mixed.store.republish(OutboxFilter([.unrouted], name: "other.#")) == 0)
            #expect(try await mixed.store.republish(OutboxFilter([.unrouted], name: "testing.*")) == 1)
            #expect(try await mixed.store.status().parked == 1)
        },
        Sentence("Of two operators who republish the same rows each row is counted once") { database in
            let stores = [try await database.store(), try await database.store()]
            try await stores[0].emit(0..<500)
            try await stores[0].pending()
            try await stores[0].settle(.unrouted, 1...500, at: FixedClock.start)
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for store in stores + stores {
                    group.addTask { try await store.republish(OutboxFilter([.unrouted])) }
                }
                return try await group.reduce(0, +)
            }
            #expect(counts == 500)
            #expect(try await stores[0].status().pending == 500)
            #expect(try await stores[0].verifyOutbox().faults == [])
        },
        Sentence("Republishing wakes the relay") { database in
            let store = try await database.store()
            try await store.emit(1)
            try await store.pending()
            try await store.settle(.unrouted, 1)
            let stream = store.wakeUps()
            let woken = Locked(false)
            let task = Task {
                for await _ in stream {
                    woken.change { $0 = true }
                    break
                }
            }
            defer { task.cancel() }
            _ = try await store.republish(OutboxFilter([.unrouted]))
            try await eventually("the relay was woken") { woken.value }
        },
        Sentence("A purge keeps unrouted and parked rows for a day, and pending rows always") { database in
            let mixed = try await Mixed(database)
            let store = mixed.store
            #expect(try await store.purge(everything, settledBefore: .distantFuture) == 1)
            #expect(try await mixed.found(everything) == [1, 3, 4, 5, 6])
            mixed.clock.advance(by: .seconds(86_401))
            #expect(try await store.purge(everything, settledBefore: .distantFuture) == 2)
            #expect(try await mixed.found(everything) == [1, 5, 6])
            let status = try await store.status()
            #expect(status.confirmed == 1)
            #expect(status.unrouted == 1)
            #expect(status.parked == 1)
            #expect(status.emitted == 6)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Republishes thousands of rows in one call") { database in
            let store = try await database.store()
            try await store.emit(0..<2500)
            try await store.pending()
            try await store.settle(.unrouted, 1...2500, at: FixedClock.start)
            #expect(try await store.republish(OutboxFilter([.unrouted])) == 2500)
            #expect(try await store.status().pending == 2500)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("The store persists a pause and its start until it is resumed") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            #expect(try await store.pausedSince() == nil)
            let since = clock.now()
            #expect(try await store.pauseOutbox() == since)
            clock.advance(by: .seconds(5))
            #expect(try await store.pauseOutbox() == since)
            let other = try await database.store()
            #expect(try await other.pausedSince() == since)
            #expect(try await other.status().pausedSince == since)
            try await other.resumeOutbox()
            #expect(try await store.pausedSince() == nil)
        },
    ]
}
