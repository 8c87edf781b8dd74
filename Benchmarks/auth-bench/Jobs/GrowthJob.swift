// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation

/// Operations on a store with many accounts, some at a time. Each one uses another account, chosen at random.
enum GrowthJob {
    /// The operations at the start that are not measured: they prepare the connections' statements.
    private static let unmeasured = 500

    static func run(_ job: Job) async throws -> Outcome {
        let store = try await RelayJobs.store(job)
        if job.growth == .relay { return try await relay(job, store) }
        try await perform(job, store, from: 0, unmeasured, nil)
        let meter = Meter(target: job.count)
        meter.start()
        try await perform(job, store, from: unmeasured, job.count, meter)
        return meter.outcome
    }

    private static func perform(
        _ job: Job, _ store: any OperatedStore, from start: Int, _ count: Int, _ meter: Meter?
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<job.connections {
                group.addTask {
                    for number in stride(from: start + lane, to: start + count, by: job.connections) {
                        // Another order in each run.
                        let random = GrowthData.mixed(number, 40 + job.run % 8)
                        let account = GrowthData(number: Int(random % UInt64(max(1, job.accounts))))
                        try await perform(job.growth, account, number, store)
                        meter?.count()
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private static func perform(
        _ work: Job.Growth, _ account: GrowthData, _ number: Int, _ store: any OperatedStore
    ) async throws {
        switch work {
        case .lookUp:
            let holder = try await store.holder(tokenHash: account.tokenHash)
            guard holder?.user?.id == account.userID else { throw BenchError("the session is missing") }
        case .logIn: try await logIn(account, number, store)
        case .signUp: try await signUp(number, store)
        case .signal:
            let signal = try Measured.sized(number: number)
            try await store.transaction { try $0.emit(signal) }
        case .page:
            let page = try await store.users(after: account.userID, joinedFrom: nil, limit: 20)
            guard page.users.count <= 20 else { throw BenchError("the page is too long") }
        case .relay: break
        }
    }

    /// What a log-in reads and writes: the address, the user's time, a session and two signals.
    private static func logIn(_ account: GrowthData, _ number: Int, _ store: any OperatedStore) async throws {
        let (email, token) = (account.email, randomToken())
        let signals = (try Measured.sized(number: number), try Measured.sized(number: number))
        try await store.transaction { transaction in
            guard let address = try transaction.emailAddresses(matching: email).first,
                var user = try transaction.user(id: address.userID)
            else { throw BenchError("the account is missing") }
            user.lastLogin = transaction.now
            try transaction.update(user)
            try transaction.insert(session(of: user, token, transaction.now))
            try transaction.emit(signals.0)
            try transaction.emit(signals.1)
        }
    }

    /// What a sign-up reads and writes: whether the address exists, the user, the address, a session and two signals.
    private static func signUp(_ number: Int, _ store: any OperatedStore) async throws {
        let (email, token) = ("\(UUID().wireText)@example.org", randomToken())
        let signals = (try Measured.sized(number: number), try Measured.sized(number: number))
        try await store.transaction { transaction in
            guard try transaction.emailAddresses(matching: email).isEmpty else {
                throw BenchError("the address exists")
            }
            let user = User(
                id: .version7(), dateJoined: transaction.now, lastLogin: transaction.now,
                passwordHash: PasswordHash(stored: String(repeating: "x", count: 120)))
            try transaction.insert(user)
            try transaction.insert(
                EmailAddress(id: .version7(), userID: user.id, email: email, verified: false, primary: true))
            try transaction.insert(session(of: user, token, transaction.now))
            try transaction.emit(signals.0)
            try transaction.emit(signals.1)
        }
    }

    private static func randomToken() -> Data { Data((0..<32).map { _ in UInt8.random(in: .min ... .max) }) }

    private static func session(of user: User, _ token: Data, _ now: Date) -> Session {
        Session(
            id: .version7(), tokenHash: token, userID: user.id, client: .app, createdAt: now,
            expiresAt: now.addingTimeInterval(3600), lastSeenAt: now, ip: nil, userAgent: "",
            state: SessionState())
    }

    /// The relay's reads and writes, without a broker: pages of 256 rows, each confirmed in one transaction.
    private static func relay(_ job: Job, _ store: any OperatedStore) async throws -> Outcome {
        let meter = Meter(target: job.count)
        meter.start()
        var cursor: Int64 = 0
        while meter.counted < job.count {
            let page = try await store.rows(after: cursor, limit: 256, now: Date())
            if page.rows.isEmpty { throw BenchError("the outbox is empty") }
            let now = Date()
            try await store.settle(
                page.rows.map { OutboxSettlement(sequence: $0.sequence, result: .confirmed, at: now) })
            meter.count(page.rows.count)
            cursor = page.cursor
        }
        return meter.outcome
    }
}
