// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgresStore
import AuthSignals
import AuthTesting
import FaultSupport
import Foundation
import PostgresSupport
import ProgramSupport
import Testing

extension Faults.Postgres {
    @Suite struct DeadlockTests {
        @Test func `both transactions of a deadlock are committed, one of them at its second run`()
            async throws
        {
            let schema = try await FaultPostgres.schema()
            try await Trial("P8", "two transactions lock two users crosswise").run(database: schema.url) {
                world in
                let store = try #require(world.store as? PostgresStore)
                let users = [User.ID.version7(), User.ID.version7()]
                try await store.transaction { (transaction: PostgresTransaction) in
                    for id in users {
                        try transaction.insert(User(id: id, dateJoined: Date(timeIntervalSince1970: 1)))
                    }
                }
                let runs = Locked(0)
                let count = 10
                let log = try TrialLog(world.newWriterDiary())
                try await world.withWorker { _ in
                    try await world.withRelay { _ in
                        for _ in 0..<count {
                            let meeting = Meeting()
                            try await withThrowingTaskGroup(of: Void.self) { group in
                                for order in [users, users.reversed()] {
                                    group.addTask {
                                        try await store.emit(
                                            order, log, meeting, runs, subject: order[0].uuidString)
                                    }
                                }
                                try await group.waitForAll()
                            }
                        }
                        try await world.drain()
                    }
                }
                #expect(runs.value == 3 * count)
            }
        }
    }
}

extension PostgresStore {
    /// Locks two users in that order, and emits a signal.
    fileprivate func emit(
        _ users: [User.ID], _ log: TrialLog, _ meeting: Meeting, _ runs: Locked<Int>, subject: String
    ) async throws {
        let draft = try TrialCodec.codec.draft(TrialHappened(number: 0, subject: subject), at: Date())
        let isFirst = Locked(true)
        log.write(.tried, draft.id)
        try await transaction { (transaction: PostgresTransaction) in
            runs.change { $0 += 1 }
            #expect(try transaction.user(id: users[0]) != nil)
            let meets = isFirst.change { first in
                defer { first = false }
                return first
            }
            // Each holds one user before it asks for the other.
            if meets { meeting.wait() }
            #expect(try transaction.user(id: users[1]) != nil)
            try transaction.emit(draft)
        }
        log.write(.promised, draft.id)
    }
}

/// Lets two threads wait for each other.
private final class Meeting: @unchecked Sendable {
    private let condition = NSCondition()
    private var arrived = 0

    /// Waits for the other thread, at most 10 s.
    func wait() {
        condition.lock()
        defer { condition.unlock() }
        arrived += 1
        if arrived == 2 { return condition.broadcast() }
        let end = Date(timeIntervalSinceNow: 10)
        while arrived < 2, condition.wait(until: end) {}
    }
}
