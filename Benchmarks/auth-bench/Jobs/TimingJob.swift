// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import Foundation

/// The response times for existing and unknown users, measured alternately in random order.
enum TimingJob {
    private static let password = Password("correct horse battery staple 17")
    private static let wrong = Password("wrong horse battery staple 18")

    static func run(_ job: Job) async throws -> Outcome {
        let store = try await RelayJobs.store(job)
        var accounts = FlowJob.accounts(on: store, cost: job.scryptCost)
        var settings = accounts.settings
        // With mandatory verification a sign-up does not reveal that the address is taken.
        settings.emailVerification = .mandatory
        accounts = Accounts(
            store: store, keys: accounts.keys, settings: settings, passwords: accounts.passwords)
        // Only a log-in verifies the hash, so only then it must have the measured cost.
        let cheap = Accounts(
            store: store, keys: accounts.keys, settings: settings,
            passwords: PasswordHasher(cost: PasswordHasher.Cost(n: 1024)))
        let known = job.pair == .logIn ? 4 : job.count + warmUp
        for number in 0..<known {
            let maker = job.pair == .logIn ? accounts : cheap
            _ = try await maker.signUp(SignUp(email: "known\(number)@example.org", password: password))
        }
        var outcome = Outcome()
        outcome.count = job.count
        for number in 0..<job.count + warmUp {
            for isKnown in [true, false].shuffled() {
                let address =
                    isKnown ? "known\(number % known)@example.org" : "other\(number)@example.org"
                let time = try await ContinuousClock().measure {
                    try await ask(accounts, job.pair, address)
                }
                if number < warmUp { continue }
                if isKnown {
                    outcome.samples.append(time / .milliseconds(1))
                } else {
                    outcome.otherSamples.append(time / .milliseconds(1))
                }
            }
        }
        return outcome
    }

    /// The number of unmeasured calls that fill caches and prepare statements.
    private static let warmUp = 10

    private static func ask(_ accounts: Accounts, _ pair: Job.Pair, _ address: String) async throws {
        switch pair {
        case .logIn: _ = try await accounts.logIn(LogIn(email: address, password: wrong))
        case .signUp: _ = try await accounts.signUp(SignUp(email: address, password: password))
        case .passwordReset: _ = try await accounts.requestPasswordReset(address)
        }
    }
}
