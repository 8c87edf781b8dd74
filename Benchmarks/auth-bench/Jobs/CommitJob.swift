// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthRelay
import AuthSignals
import Foundation
import ServiceLifecycle
import Synchronization

/// Transactions of log-ins without hashing, as many at a time as the store has connections.
enum CommitJob {
    static func run(_ job: Job) async throws -> Outcome {
        let store = try await RelayJobs.store(job)
        let users = try await (0..<1000).asyncMap { number in
            let user = User(
                id: .version7(), username: "user\(number)", isActive: true, dateJoined: Date(),
                lastLogin: nil,
                passwordHash: nil)
            try await store.transaction { try $0.insert(user) }
            return user
        }
        let outcome = Mutex(Outcome())
        let measure: @Sendable () async throws -> Void = {
            let measured = try await commit(job, users, in: store)
            outcome.withLock { $0 = measured }
        }
        if job.relayState == .on {
            let publisher = BrokerPublisher(try job.broker(), logger: .silent)
            let relay = SignalRelay(from: store, to: publisher, codec: Measured.codec, logger: .silent)
            try await Running.services([publisher, relay]) {
                try await publisher.awaitReady()
                try await measure()
            }
        } else {
            try await measure()
        }
        return outcome.withLock { $0 }
    }

    private static func commit(
        _ job: Job, _ users: [User], in store: any AccountStore
    ) async throws -> Outcome {
        let meter = Meter(target: job.count)
        meter.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<job.connections {
                group.addTask {
                    for number in stride(from: lane, to: job.count, by: job.connections) {
                        try await logIn(users[number % users.count].id, number, in: store)
                        meter.count()
                    }
                }
            }
            try await group.waitForAll()
        }
        return meter.outcome
    }

    /// What a log-in writes: the user's time, a session and two signals.
    private static func logIn(_ id: User.ID, _ number: Int, in store: any AccountStore) async throws {
        let signals = (try Measured.sized(number: number), try Measured.sized(number: number))
        let token = Data((0..<32).map { _ in UInt8.random(in: .min ... .max) })
        try await store.transaction { transaction in
            guard var user = try transaction.user(id: id) else { throw BenchError("the user is missing") }
            user.lastLogin = transaction.now
            try transaction.update(user)
            try transaction.insert(
                Session(
                    id: .version7(), tokenHash: token, userID: id, client: .app, createdAt: transaction.now,
                    expiresAt: transaction.now.addingTimeInterval(3600), lastSeenAt: transaction.now, ip: nil,
                    userAgent: "", state: SessionState()))
            try transaction.emit(signals.0)
            try transaction.emit(signals.1)
        }
    }
}

extension Sequence where Self: Sendable {
    fileprivate func asyncMap<R>(_ body: (Element) async throws -> R) async throws -> [R] {
        var all: [R] = []
        for element in self { all.append(try await body(element)) }
        return all
    }
}
