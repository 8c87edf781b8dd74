// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import AuthTesting
import Foundation
import GRDB
import Testing

@Suite struct EmitTests {
    @Test func `rows, signals and mails of a transaction commit together with its timestamp`() async throws {
        let clock = FixedClock(at: Date(timeIntervalSince1970: 1_800_000_000.1234567))
        let store = try SQLiteStore.test(clock: clock)
        let user = User.test()
        let now = try await store.transaction { transaction in
            try transaction.insert(user)
            try transaction.emit(ThingHappened(7, of: user.id.wireText))
            try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: ["code": "ABC"]))
            return transaction.now
        }
        let row = try #require(try await store.pending().first)
        #expect(now == clock.now().wholeMilliseconds)
        #expect(row.draft.time == now)
        #expect(row.draft.name == ThingHappened.name)
        #expect(row.draft.subject == user.id.wireText)
        #expect(row.number == 7)
        #expect(try await store.dueMails(limit: 10, now: now).map(\.draft.values) == [["code": "ABC"]])
        #expect(try await store.read { try $0.user(id: user.id) } == user)
    }

    @Test func `a transaction that throws leaves no row, signal or mail`() async throws {
        let store = try SQLiteStore.test()
        await #expect(throws: Abandoned.self) {
            try await store.transaction { transaction in
                try transaction.insert(User.test())
                try transaction.emit(ThingHappened(1))
                try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: [:]))
                throw Abandoned()
            }
        }
        #expect(try await store.count("auth_user") == 0)
        #expect(try await store.pending().isEmpty)
        #expect(try await store.mailStatus().pending == 0)
        #expect(try await store.status().emitted == 0)
    }

    @Test func `a transaction that returns commits, also through the protocol`() async throws {
        let store: any AccountStore = try SQLiteStore.test()
        let refused = try await store.transaction { transaction in
            try transaction.emit(ThingHappened(1))
            return "refused"
        }
        #expect(refused == "refused")
        #expect(try await (store as? SQLiteStore)?.pending().count == 1)
    }

    @Test func `a task cancelled before the commit changes nothing`() async throws {
        let store = try SQLiteStore.test()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await store.emit(1)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await store.pending().isEmpty)
    }

    @Test func `numbers two thousand concurrent transactions of two pools in commit order`() async throws {
        let folder = try TemporaryFolder()
        let stores = [try await folder.store(), try await folder.store()]
        try await stores[0].transaction { transaction in
            try transaction.database.execute(
                sql: "CREATE TABLE turn (at INTEGER PRIMARY KEY, number INTEGER)")
        }
        try await withThrowingTaskGroup { group in
            for number in 0..<2000 {
                group.addTask {
                    try await stores[number % 2].transaction { transaction in
                        if number % 10 == 9 {
                            try transaction.emit(ThingHappened(-1))
                            throw Abandoned()
                        }
                        try transaction.database.execute(
                            sql: "INSERT INTO turn (number) VALUES (?)", arguments: [number])
                        try transaction.emit(ThingHappened(number))
                    }
                }
            }
            while let result = await group.nextResult() {
                if case .failure(let error) = result, !(error is Abandoned) { throw error }
            }
        }
        let rows = try await stores[0].pending()
        let turns = try await stores[1].read { reading in
            try Int.fetchAll(reading.database, sql: "SELECT number FROM turn ORDER BY at")
        }
        #expect(rows.count == 1800)
        #expect(rows.compactMap(\.number) == turns)
        #expect(Set(rows.map(\.draft.id)).count == 1800)
        #expect(zip(rows, rows.dropFirst()).allSatisfy { $0.sequence < $1.sequence })
        #expect(try await stores[0].verifyOutbox().isWhole)
    }

    @Test func `a reader with a cursor sees every row once during concurrent commits`() async throws {
        let folder = try TemporaryFolder()
        let (writer, reader) = (try await folder.store(), try await folder.store())
        async let written: Void = withThrowingTaskGroup { group in
            for number in 0..<300 { group.addTask { try await writer.emit(number) } }
            try await group.waitForAll()
        }
        var seen: [Int64] = []
        var cursor: Int64 = 0
        try await eventually("every row was seen") {
            let page = try await reader.rows(after: cursor, limit: 7, now: Date())
            seen += page.rows.map(\.sequence)
            cursor = page.cursor
            return seen.count == 300
        }
        try await written
        #expect(seen == Array(1...300))
    }

    @Test func `a signal that is too large rolls back its transaction`() async throws {
        let store = try SQLiteStore.test()
        let error = await #expect(throws: SignalError.self) {
            try await store.transaction { transaction in
                try transaction.insert(User.test())
                try transaction.emit(ThingHappened(1, of: String(repeating: "x", count: 70_000)))
            }
        }
        #expect(error?.code == .tooLarge)
        #expect(try await store.count("auth_user") == 0)
    }

    @Test func `reuses the sequence of a rolled-back transaction, and never one that was committed`()
        async throws
    {
        let store = try SQLiteStore.test()
        try await store.emit(1)
        try? await store.transaction { transaction in
            try transaction.emit(ThingHappened(2))
            throw Abandoned()
        }
        try await store.settle(.confirmed, 1)
        try await store.emit(3)
        #expect(try await store.pending().map(\.sequence) == [2])
        #expect(try await store.status().emitted == 2)
    }
}
