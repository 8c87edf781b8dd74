// SPDX-License-Identifier: Apache-2.0
import AuthBroker
import AuthFlows
import AuthRelay
import AuthSignals
import Foundation
import ServiceLifecycle
import Synchronization

/// Log-ins with a password at a steady rate, with different states of the relay.
enum FlowJob {
    private static let users = 50
    private static let password = Password("correct horse battery staple 17")

    static func run(_ job: Job) async throws -> Outcome {
        let store = try await RelayJobs.store(job)
        let accounts = accounts(on: store, cost: job.scryptCost)
        for number in 0..<users {
            _ = try await accounts.signUp(SignUp(email: email(number), password: password))
        }
        var services: [any Service] = []
        if job.relayState != .off {
            var settings = try job.broker()
            if job.relayState == .brokerDead {
                // No process listens on port 1.
                settings.urls = try BrokerURL.list("amqp://guest:guest@127.0.0.1:1")
            }
            let publisher = BrokerPublisher(settings, logger: .silent)
            services = [
                publisher,
                SignalRelay(from: store, to: publisher, codec: Measured.codec, logger: .silent),
            ]
            if job.relayState == .on {
                let waiting = publisher
                services.append(Ready { try await waiting.awaitReady() })
            }
        }
        let outcome = Mutex(Outcome())
        if services.isEmpty {
            let measured = try await logIns(accounts, job)
            return measured
        }
        try await Running.services(services) {
            let measured = try await logIns(accounts, job)
            outcome.withLock { $0 = measured }
        }
        return outcome.withLock { $0 }
    }

    /// A service whose `run()` starts by waiting for the publisher.
    private struct Ready: Service {
        let wait: @Sendable () async throws -> Void
        init(_ wait: @escaping @Sendable () async throws -> Void) { self.wait = wait }
        func run() async throws {
            try await wait()
            try await gracefulShutdown()
        }
    }

    static func accounts(on store: any AccountStore, cost: Int) -> Accounts {
        var settings = AccountSettings()
        settings.rateLimits.rates = [:]
        settings.emailVerification = .none
        return Accounts(
            store: store, keys: KeyRing(secret: "a secret that only the benchmark knows"), settings: settings,
            // Generous limits, so that a slow machine causes longer times and not rejected log-ins.
            passwords: PasswordHasher(
                cost: PasswordHasher.Cost(n: cost), queueLimit: 10_000, longestWait: .seconds(3600)))
    }

    private static func email(_ number: Int) -> String { "user\(number)@example.org" }

    private static func logIns(_ accounts: Accounts, _ job: Job) async throws -> Outcome {
        try await job.lanes > 0 ? concurrentLogIns(accounts, job) : steadyLogIns(accounts, job)
    }

    private static func logIn(_ accounts: Accounts, _ number: Int) async throws {
        let form = LogIn(email: email(number % users), password: password)
        guard case .success = try await accounts.logIn(form) else { throw BenchError("a log-in failed") }
    }

    /// Each lane starts its next log-in when its last one has ended.
    private static func concurrentLogIns(_ accounts: Accounts, _ job: Job) async throws -> Outcome {
        let meter = Meter(target: job.count)
        meter.start()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<job.lanes {
                group.addTask {
                    for number in stride(from: lane, to: job.count, by: job.lanes) {
                        try await logIn(accounts, number)
                        meter.count()
                    }
                }
            }
            try await group.waitForAll()
        }
        return meter.outcome
    }

    /// Each log-in starts at its scheduled time, even if earlier ones still run, and is measured from that time.
    private static func steadyLogIns(_ accounts: Accounts, _ job: Job) async throws -> Outcome {
        let start = ContinuousClock.now + .milliseconds(500)
        let samples = try await withThrowingTaskGroup(of: Double.self) { group in
            for number in 0..<job.count {
                group.addTask {
                    let due = start + .seconds(Double(number) / job.rate)
                    try await Task.sleep(until: due, tolerance: .zero)
                    try await logIn(accounts, number)
                    return (ContinuousClock.now - due) / .milliseconds(1)
                }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        var outcome = Outcome()
        outcome.count = job.count
        outcome.seconds = Double(job.count) / job.rate
        outcome.samples = samples
        return outcome
    }
}
