// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension OperatedStoreConformance {
    private static let twoMonths = Duration.seconds(60 * 86_400)

    /// A store with a session and a settled row, both expired after two months.
    private struct Swept {
        let clock = FixedClock()
        let store: any OperatedStore
        let token = SessionToken.random()

        init(_ database: TestDatabase) async throws {
            store = try await database.store(clock: clock)
            let session = Session.test(token, expires: FixedClock.start.addingTimeInterval(1_209_600))
            try await store.transaction { transaction in try transaction.insert(session) }
            try await store.emit(1)
            try await store.pending()
            try await store.settle(.confirmed, 1)
        }

        func sweep() async { await StoreHousekeeping(store).sweep() }

        /// Whether the session and the row are still stored.
        func isKept() async throws -> [Bool] {
            [
                try await store.session(token) != nil,
                try await !store.records(OutboxFilter([.confirmed])).isEmpty,
            ]
        }
    }

    static let clockJumps: [Sentence] = [
        Sentence("A clock that jumps ahead for a minute deletes nothing") { database in
            let swept = try await Swept(database)
            let housekeeping = StoreHousekeeping(swept.store)
            await housekeeping.sweep()
            swept.clock.advance(by: twoMonths)
            await housekeeping.sweep()
            swept.clock.advance(by: .seconds(60) - twoMonths)
            await housekeeping.sweep()
            await housekeeping.sweep()
            #expect(try await swept.isKept() == [true, true])
        },
        Sentence("Accepts a clock jump that the next sweep confirms") { database in
            let swept = try await Swept(database)
            let housekeeping = StoreHousekeeping(swept.store)
            await housekeeping.sweep()
            swept.clock.advance(by: twoMonths)
            await housekeeping.sweep()
            #expect(try await swept.isKept() == [true, true])
            swept.clock.advance(by: .seconds(60))
            await housekeeping.sweep()
            #expect(try await swept.isKept() == [false, false])
        },
        Sentence("Detects a clock jump after a restart, and only a sweep a minute later confirms it") {
            database in
            let swept = try await Swept(database)
            await swept.sweep()
            swept.clock.advance(by: twoMonths)
            await swept.sweep()
            swept.clock.advance(by: .seconds(1))
            await swept.sweep()
            #expect(try await swept.isKept() == [true, true])
            swept.clock.advance(by: .seconds(60))
            await swept.sweep()
            #expect(try await swept.isKept() == [false, false])
        },
        Sentence("A server that was off for two weeks deletes a minute after its start") { database in
            let swept = try await Swept(database)
            await swept.sweep()
            swept.clock.advance(by: .seconds(15 * 86_400))
            let restarted = StoreHousekeeping(swept.store)
            await restarted.sweep()
            #expect(try await swept.isKept() == [true, true])
            swept.clock.advance(by: .seconds(60))
            await restarted.sweep()
            #expect(try await swept.isKept() == [false, false])
        },
        Sentence("A second clock jump does not confirm the first") { database in
            let swept = try await Swept(database)
            let housekeeping = StoreHousekeeping(swept.store)
            await housekeeping.sweep()
            for _ in 1...3 {
                swept.clock.advance(by: twoMonths)
                await housekeeping.sweep()
            }
            #expect(try await swept.isKept() == [true, true])
        },
    ]
}
