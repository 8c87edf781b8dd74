// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

extension AccountStoreConformance {
    static let transactions: [Sentence] = [
        Sentence("Rows, signals and mails of a transaction commit together with its timestamp") { database in
            let clock = FixedClock(at: Date(timeIntervalSince1970: 1_800_000_000.1234567))
            let store = try await database.store(clock: clock)
            let user = User.test()
            let now = try await store.transaction { transaction in
                try transaction.insert(user)
                try transaction.emit(TestSignal(number: 7, subject: user.id.wireText))
                try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: ["code": "ABC"]))
                return transaction.now
            }
            let row = try #require(try await store.pending().first)
            #expect(now == clock.now().wholeMilliseconds)
            #expect(row.draft.time == now)
            #expect(row.draft.name == TestSignal.name)
            #expect(row.draft.subject == user.id.wireText)
            #expect(row.number == 7)
            #expect(try await store.dueMails(limit: 10, now: now).map(\.draft.values) == [["code": "ABC"]])
            #expect(try await store.user(user.id) == user)
        },
        Sentence("A transaction that throws leaves no row, signal or mail") { database in
            let store = try await database.store()
            let user = User.test()
            await #expect(throws: RolledBack.self) {
                try await store.transaction { transaction in
                    try transaction.insert(user)
                    try transaction.emit(TestSignal(number: 1))
                    try transaction.queue(MailDraft(.loginCode, to: "a@example.org", values: [:]))
                    throw RolledBack()
                }
            }
            #expect(try await store.user(user.id) == nil)
            #expect(try await store.pending().isEmpty)
            #expect(try await store.mailStatus().pending == 0)
            #expect(try await store.status().emitted == 0)
        },
        Sentence("Of concurrent transactions only those that throw are rolled back") { database in
            let store = try await database.store()
            let committed = try await withThrowingTaskGroup(of: Int?.self) { group in
                for number in 0..<60 {
                    group.addTask {
                        do {
                            try await store.transaction { transaction in
                                try transaction.insert(User.test(number % 5 == 1 ? "ada" : "user\(number)"))
                                try transaction.emit(TestSignal(number: number))
                                if number % 5 == 0 { throw RolledBack() }
                            }
                            return number
                        } catch is RolledBack { return nil } catch StoreConflict.username { return nil }
                    }
                }
                return try await group.reduce(into: [Int]()) { all, number in
                    if let number { all.append(number) }
                }
            }
            let rows = try await store.pending()
            #expect(rows.compactMap(\.number).sorted() == committed.sorted())
            #expect(rows.map(\.sequence) == rows.indices.map { Int64($0 + 1) })
            #expect(committed.count { $0 % 5 == 1 } == 1)
            #expect(committed.count == 37)
            #expect(try await store.status().emitted == 37)
            #expect(try await store.verifyOutbox().faults == [])
        },
        Sentence("A transaction that returns commits, even if it returns a refusal") { database in
            let store = try await database.store()
            let refused = try await store.transaction { transaction in
                try transaction.emit(TestSignal(number: 1))
                return "refused"
            }
            #expect(refused == "refused")
            #expect(try await store.pending().count == 1)
        },
        Sentence("A task cancelled before the commit changes nothing") { database in
            let store = try await database.store()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                try await store.emit(1)
            }
            await #expect(throws: CancellationError.self) { try await task.value }
            #expect(try await store.pending().isEmpty)
        },
        Sentence("A signal that is too large rolls back its transaction") { database in
            let store = try await database.store()
            let user = User.test()
            let error = await #expect(throws: SignalError.self) {
                try await store.transaction { transaction in
                    try transaction.insert(user)
                    try transaction.emit(
                        TestSignal(number: 1, subject: String(repeating: "x", count: 70_000)))
                }
            }
            #expect(error?.code == .tooLarge)
            #expect(try await store.user(user.id) == nil)
        },
        Sentence("Numbers have no gaps: one of a rolled-back transaction is reused, a committed one never") {
            database in
            let store = try await database.store()
            try await store.emit(1)
            try await store.pending()
            await #expect(throws: RolledBack.self) {
                try await store.transaction { transaction in
                    try transaction.emit(TestSignal(number: 2))
                    throw RolledBack()
                }
            }
            try await store.settle(.confirmed, 1)
            try await store.emit(3)
            #expect(try await store.pending().map(\.sequence) == [2])
            #expect(try await store.status().emitted == 2)
        },
        Sentence("The signals of a transaction are numbered in the order in which they were emitted") {
            database in
            let store = try await database.store()
            try await store.emit(0..<50)
            try await store.emit(50..<100)
            let rows = try await store.pending()
            #expect(rows.map(\.sequence) == Array(1...100))
            #expect(rows.compactMap(\.number) == Array(0..<100))
        },
        Sentence("A signal that was emitted after another's commit was seen has the higher number") {
            database in
            let stores = [try await database.store(), try await database.store()]
            let users = (0..<4).map { _ in User.test() }
            try await stores[0].transaction { transaction in
                for user in users { try transaction.insert(user) }
            }
            // Each writer counts a version of a user up by one, so that it has seen the commit before its own.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<8 {
                    group.addTask {
                        for turn in 0..<25 {
                            let id = users[(writer + turn) % users.count].id
                            try await stores[writer % 2].transaction { transaction in
                                guard var user = try transaction.user(id: id) else { return }
                                let version = (user.passwordHash.map(\.version) ?? 0) + 1
                                user.passwordHash = PasswordHash(version: version)
                                try transaction.update(user)
                                try transaction.emit(TestSignal(number: version, subject: user.subject))
                            }
                        }
                    }
                }
                // A relay reads meanwhile, so that the rows are numbered in many batches.
                group.addTask {
                    var cursor: Int64 = 0
                    try await eventually("every row was read") {
                        let page = try await stores[1].rows(after: cursor, limit: 7, now: FixedClock.start)
                        cursor = page.cursor
                        return cursor == 200
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await stores[0].pending()
            #expect(rows.map(\.sequence) == Array(1...200))
            for user in users {
                let versions = rows.filter { $0.draft.subject == user.subject }.compactMap(\.number)
                #expect(versions == Array(1...50))
            }
        },
        Sentence("A reader with a cursor sees every row once during concurrent commits") { database in
            let (writer, reader) = (try await database.store(), try await database.store())
            async let written: Void = withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<8 {
                    group.addTask {
                        for number in 0..<40 { try await writer.emit(worker * 40 + number) }
                    }
                }
                try await group.waitForAll()
            }
            var seen: [Int64] = []
            var cursor: Int64 = 0
            try await eventually("every row was seen") {
                let page = try await reader.rows(after: cursor, limit: 7, now: FixedClock.start)
                seen += page.rows.map(\.sequence)
                cursor = page.cursor
                return seen.count == 320
            }
            try await written
            #expect(seen == Array(1...320))
            #expect(try await writer.verifyOutbox().faults == [])
        },
        Sentence("Two readers at once number every row once") { database in
            let stores = [
                try await database.store(), try await database.store(), try await database.store(),
            ]
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { for number in 0..<200 { try await stores[0].emit(number) } }
                for reader in [stores[1], stores[2]] {
                    group.addTask {
                        var cursor: Int64 = 0
                        try await eventually("every row was read") {
                            let page = try await reader.rows(after: cursor, limit: 5, now: FixedClock.start)
                            #expect(page.rows.map(\.sequence) == Array((cursor + 1)..<(page.cursor + 1)))
                            cursor = page.cursor
                            return cursor == 200
                        }
                    }
                }
                try await group.waitForAll()
            }
            let rows = try await stores[0].pending()
            #expect(rows.map(\.sequence) == Array(1...200))
            #expect(rows.compactMap(\.number) == Array(0..<200))
            #expect(try await stores[0].verifyOutbox().faults == [])
        },
        Sentence("A transaction reads what was committed before its first read of a row") { database in
            let (one, other) = (try await database.store(), try await database.store())
            let user = User.test("ada")
            try await one.transaction { transaction in try transaction.insert(user) }
            for turn in 1...20 {
                let store = turn.isMultiple(of: 2) ? one : other
                let before = try await store.transaction { transaction in
                    var user = try #require(try transaction.user(id: user.id))
                    let before = user.passwordHash.map(\.version) ?? 0
                    user.passwordHash = PasswordHash(version: before + 1)
                    try transaction.update(user)
                    return before
                }
                #expect(before == turn - 1)
            }
        },
    ]
}

extension PasswordHash {
    /// A number in the place of a hash: a column that a transaction can count up.
    fileprivate init(version: Int) { self.init(stored: "version$\(version)") }
    fileprivate var version: Int { Int(exposedText.dropFirst("version$".count)) ?? -1 }
}
