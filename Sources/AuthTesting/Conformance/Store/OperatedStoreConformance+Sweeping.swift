// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Logging
import ServiceLifecycle
import Testing

extension OperatedStoreConformance {
    static let sweeping: [Sentence] = [
        Sentence("Deletes old history, however much, and keeps the counters") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock) { $0.retention = .seconds(50) }
            try await store.emit(0..<2500)
            try await store.pending()
            try await store.settle(.confirmed, 1...2400, at: clock.now())
            clock.advance(by: .seconds(100))
            try await store.settle(.confirmed, 2401...2450, at: clock.now())
            #expect(try await store.purgeHistory() == 2400)
            let kept = try await store.records(OutboxFilter([.confirmed])).map(\.row.sequence)
            #expect(kept == Array(2401...2450))
            let status = try await store.status()
            #expect(status.confirmed == 2450)
            #expect(status.pending == 50)
            #expect(status.emitted == 2500)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Keeps a row that was settled late between deleted ones") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock) { $0.retention = .seconds(50) }
            for number in 1...3 { try await store.emit(number) }
            try await store.pending()
            try await store.settle(.confirmed, 1, 3, at: clock.now())
            clock.advance(by: .seconds(100))
            try await store.settle(.confirmed, 2, at: clock.now())
            #expect(try await store.purgeHistory() == 2)
            #expect(try await store.records(OutboxFilter([.confirmed])).map(\.row.number) == [2])
        },
        Sentence("Keeps unrouted rows for at least a day, and parked rows until an operator acts") {
            database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock) { $0.retention = .seconds(60) }
            for number in 1...3 { try await store.emit(number) }
            try await store.pending()
            try await store.settle(.confirmed, 1)
            try await store.settle(.unrouted, 2)
            try await store.settle(.parked(reason: "no"), 3)
            clock.advance(by: .seconds(61))
            #expect(try await store.purgeHistory() == 1)
            #expect(try await store.records(everything).map(\.row.number) == [2, 3])
            clock.advance(by: .seconds(86_400))
            #expect(try await store.purgeHistory() == 1)
            #expect(try await store.records(everything).map(\.row.number) == [3])
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("Deletes expired sessions, however many, those of pending log-ins too") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            let (live, expired) = (SessionToken.random(), SessionToken.random())
            let start = FixedClock.start
            try await store.transaction { transaction in
                try transaction.insert(Session.test(live, expires: start.addingTimeInterval(11)))
                try transaction.insert(Session.test(expired, expires: start.addingTimeInterval(10)))
                for _ in 0..<1100 {
                    try transaction.insert(Session.test(expires: start.addingTimeInterval(10)))
                }
            }
            clock.advance(by: .seconds(10))
            #expect(try await store.purgeExpiredSessions(batch: 1000) == 1101)
            #expect(try await store.session(live) != nil)
            #expect(try await store.session(expired) == nil)
        },
        Sentence("The expired sessions of users are reported, once and in their order") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            let (user, start) = (User.test("ada"), FixedClock.start)
            let (late, early) = (
                user.session(expires: start.addingTimeInterval(9)),
                user.session(expires: start.addingTimeInterval(5))
            )
            let (anonymous, live) = (
                Session.test(expires: start.addingTimeInterval(5)),
                user.session(expires: start.addingTimeInterval(100))
            )
            try await store.transaction { transaction in
                try transaction.insert(user)
                try transaction.insert(user.address("ada@example.org", primary: true))
                for session in [late, early, anonymous, live] { try transaction.insert(session) }
            }
            clock.advance(by: .seconds(10))
            #expect(try await store.purgeExpiredSessions(batch: 2) == 3)
            #expect(try await store.purgeExpiredSessions(batch: 2) == 0)
            #expect(try await store.sessions(of: user.id).map(\.id) == [live.id])
            let ended = try await endedSessions(store)
            #expect(ended.map(\.session.id) == [early, late].map { $0.id.wireText })
            for signal in ended {
                #expect(signal.reason == .expired)
                #expect(signal.user.id == user.subject)
                #expect(signal.user.email == "ada@example.org")
                #expect(signal.request.client == .library)
            }
        },
        Sentence("Processes that sweep at the same time report each expired session once") { database in
            let clock = FixedClock()
            let stores = [try await database.store(clock: clock), try await database.store(clock: clock)]
            let user = User.test("ada")
            let sessions = (0..<300).map { _ in
                user.session(expires: FixedClock.start.addingTimeInterval(5))
            }
            try await stores[0].transaction { transaction in
                try transaction.insert(user)
                for session in sessions { try transaction.insert(session) }
            }
            clock.advance(by: .seconds(10))
            let swept = try await withThrowingTaskGroup(of: Int.self) { group in
                for store in stores + stores {
                    group.addTask { try await store.purgeExpiredSessions(batch: 50) }
                }
                return try await group.reduce(0, +)
            }
            // A process that finds another one sweeping may leave the rest to it.
            let rest = try await stores[0].purgeExpiredSessions(batch: 50)
            #expect(swept + rest == 300)
            let ended = try await endedSessions(stores[0])
            #expect(Set(ended.map(\.session.id)) == Set(sessions.map { $0.id.wireText }))
            #expect(ended.count == 300)
        },
        Sentence("The last use of sessions is written by a sweep, and at shutdown") { database in
            let clock = FixedClock()
            let store = try await database.store(clock: clock)
            let (user, token) = (User.test(), SessionToken.random())
            let session = Session.test(
                token, of: user.id, expires: FixedClock.start.addingTimeInterval(9000))
            try await store.transaction { transaction in
                try transaction.insert(user)
                try transaction.insert(session)
            }
            let accounts = Accounts(
                store: store, keys: TestDatabase.Options().keys, clock: clock)
            let housekeeping = StoreHousekeeping(store, sessions: accounts.sessions)
            clock.advance(by: .seconds(600))
            #expect(try await accounts.sessions.authenticate(token: token) != nil)
            await housekeeping.sweep()
            #expect(try await store.session(token)?.lastSeenAt == clock.now())

            let group = ServiceGroup(services: [housekeeping], logger: Logger(label: "test"))
            clock.advance(by: .seconds(600))
            let expired = SessionToken.random()
            let old = Session.test(expired, expires: clock.now())
            try await store.transaction { transaction in try transaction.insert(old) }
            async let running: Void = group.run()
            try await eventually("the service has swept") { try await store.session(expired) == nil }
            #expect(try await accounts.sessions.authenticate(token: token) != nil)
            await group.triggerGracefulShutdown()
            try await running
            #expect(try await store.session(token)?.lastSeenAt == clock.now())
        },
    ]

    private static func endedSessions(_ store: any OperatedStore) async throws -> [SessionEnded] {
        try await store.pending().filter { $0.draft.name == SessionEnded.name }.map { row in
            let codec = TestDatabase.Options().codec
            return try SignalCodec.event(from: codec.message(for: row).body).decode(SessionEnded.self)
        }
    }
}
