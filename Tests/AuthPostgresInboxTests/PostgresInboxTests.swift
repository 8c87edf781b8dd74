// SPDX-License-Identifier: Apache-2.0
import AuthPostgres
import AuthPostgresInbox
import AuthSignals
import AuthTesting
import Foundation
import Logging
import PostgresSupport
import Testing

@Suite(.enabled(if: PrivatePostgres.isAvailable, "\(PrivatePostgres.absence)"))
struct PostgresInboxTests {
    private struct Failure: Error {}

    @Test(arguments: InboxConformance.sentences)
    func `keeps the contract of an inbox`(_ sentence: InboxConformance.Sentence) async throws {
        try await InboxDatabase.with { database in
            try await sentence.check { database.subject(try database.inbox()) }
        }
    }

    @Test(arguments: OperatedInboxConformance.sentences)
    func `keeps the contract of an inbox that programs operate`(
        _ sentence: OperatedInboxConformance.Sentence
    ) async throws {
        try await InboxDatabase.with { database in
            try await sentence.check { OperatedInboxConformance.Subject(try database.inbox()) }
        }
    }

    @Test func `of many concurrent calls at two workers exactly one runs its body`() async throws {
        try await InboxDatabase.with { database in
            let inboxes = [try database.inbox(), try database.inbox()]
            let id = UUID()
            let runs = Locked(0)
            let first = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        try await inboxes[number % 2].once(handler: "one", messageID: id, at: Date()) {
                            try InboxDatabase.write($0)
                            runs.change { $0 += 1 }
                        }
                    }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(first == 1)
            #expect(runs.value == 1)
            #expect(try await database.things() == 1)
        }
    }

    @Test func `among workers of several hosts exactly one runs each body`() async throws {
        try await InboxDatabase.with { database in
            let inboxes = try (0..<3).map { _ in try database.inbox() }
            let ids = (0..<50).map { _ in UUID() }
            let runs = try await withThrowingTaskGroup(of: Int.self) { group in
                for inbox in inboxes {
                    group.addTask {
                        var runs = 0
                        for id in ids {
                            let ran = try await inbox.once(
                                handler: "one", messageID: id, at: Date(), { try InboxDatabase.write($0) })
                            runs += ran ? 1 : 0
                        }
                        return runs
                    }
                }
                return try await group.reduce(0, +)
            }
            #expect(runs == ids.count)
            #expect(try await database.things() == ids.count)
        }
    }

    @Test func `a worker waits for another one with the same message, and handles it if that one fails`()
        async throws
    {
        try await InboxDatabase.with { database in
            let (one, two) = (try database.inbox(), try database.inbox())
            // Both have created or found their tables.
            try await one.migrate()
            try await two.migrate()
            let id = UUID()
            let backend = Locked<Int64?>(nil)
            let release = DispatchSemaphore(value: 0)
            let failing = Task {
                try await one.once(handler: "one", messageID: id, at: Date()) { transaction in
                    let connection = try #require(transaction as? PostgresInboxTransaction).connection
                    try InboxDatabase.write(transaction)
                    let pid = try connection.query("SELECT pg_backend_pid()::bigint").first?.int(0)
                    backend.change { $0 = pid }
                    _ = release.wait(timeout: .now() + 60)
                    throw Failure()
                }
            }
            defer { release.signal() }
            let pid = try await eventualValue("the first worker runs its handler") { backend.value }
            let waiting = Task {
                try await two.once(handler: "one", messageID: id, at: Date()) {
                    try InboxDatabase.write($0)
                }
            }
            try await eventually("the second worker waits") { try await database.waiting(for: pid) == 1 }
            #expect(try await database.things() == 0)
            release.signal()
            await #expect(throws: Failure.self) { _ = try await failing.value }
            #expect(try await waiting.value)
            #expect(try await database.things() == 1)
        }
    }

    @Test func `a body runs again after a concurrent transaction has stopped it`() async throws {
        try await InboxDatabase.with { database in
            let inbox = try database.inbox()
            let runs = Locked(0)
            let ran = try await inbox.once(handler: "one", messageID: UUID(), at: Date()) { transaction in
                try InboxDatabase.write(transaction)
                runs.change { $0 += 1 }
                guard runs.value == 1 else { return }
                try #require(transaction as? PostgresInboxTransaction).connection.query(
                    "DO $$ BEGIN RAISE EXCEPTION 'stopped' USING ERRCODE = '40001'; END $$")
            }
            #expect(ran)
            #expect(runs.value == 2)
            #expect(try await database.things() == 1)
        }
    }

    @Test func `a body that ignores the error of a statement commits nothing`() async throws {
        try await InboxDatabase.with { database in
            let inbox = try database.inbox()
            let id = UUID()
            await #expect(throws: PostgresError.self) {
                try await inbox.once(handler: "one", messageID: id, at: Date()) { transaction in
                    try InboxDatabase.write(transaction)
                    _ = try? #require(transaction as? PostgresInboxTransaction).connection.query(
                        "SELECT 1 / 0")
                }
            }
            #expect(try await !inbox.isDone(handler: "one", messageID: id))
            #expect(try await database.things() == 0)
        }
    }

    @Test func `a cancelled body commits nothing`() async throws {
        try await InboxDatabase.with { database in
            let inbox = try database.inbox()
            let id = UUID()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await inbox.once(handler: "one", messageID: id, at: Date()) {
                    try InboxDatabase.write($0)
                }
            }
            await #expect(throws: (any Error).self) { _ = try await task.value }
            #expect(try await !inbox.isDone(handler: "one", messageID: id))
            #expect(try await database.things() == 0)
        }
    }

    @Test func `concurrent marks of two workers are all kept`() async throws {
        try await InboxDatabase.with { database in
            let inboxes = [try database.inbox(), try database.inbox()]
            let ids = (0..<300).map { _ in UUID() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (number, id) in ids.enumerated() {
                    for inbox in number % 2 == 0 ? inboxes : inboxes.reversed() {
                        group.addTask {
                            try await inbox.markDone(handler: "one", messageID: id, at: Date())
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await inboxes[0].unseen(of: ids, by: ["one"]) == [])
            let done = try await withThrowingTaskGroup(of: Bool.self) { group in
                for id in ids + [UUID()] {
                    group.addTask { try await inboxes[1].isDone(handler: "one", messageID: id) }
                }
                return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            #expect(done == ids.count)
        }
    }

    @Test func `while one worker prunes, another one leaves the marks to it`() async throws {
        try await InboxDatabase.with { database in
            let inbox = try database.inbox()
            let id = UUID()
            let now = Date(timeIntervalSince1970: 1_795_420_900)
            try await inbox.markDone(handler: "one", messageID: id, at: now)
            let pruned = try await database.pool().transaction { connection in
                try connection.query("SELECT pg_advisory_xact_lock('auth_inbox'::regclass::oid::int, 3)")
                // Within this transaction, so the lock is held.
                let result = Locked<Result<Int, any Error>?>(nil)
                let finished = DispatchSemaphore(value: 0)
                Task {
                    do {
                        let count = try await inbox.prune(before: now + 1)
                        result.change { $0 = .success(count) }
                    } catch {
                        result.change { $0 = .failure(error) }
                    }
                    finished.signal()
                }
                _ = finished.wait(timeout: .now() + 60)
                return try #require(result.value).get()
            }
            #expect(pruned == 0)
            #expect(try await inbox.isDone(handler: "one", messageID: id))
            #expect(try await inbox.prune(before: now + 1) == 1)
        }
    }
}
