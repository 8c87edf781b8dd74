// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Testing

/// Neither the result of a call nor its side effects show whether an address has an account.
@Suite struct KnownAndUnknownTests {
    /// A call with an address.
    enum Call: String, CaseIterable, Sendable {
        case logIn, logInWithoutPassword, requestLoginCode, requestReset, requestResetByCode, signUp, addEmail
    }

    /// The result and the side effects of a call.
    struct Cost: Equatable {
        var answer: String
        var transactions: Int
        var attempts: Int
        var sessions: Int
        var mails: Int
    }

    @Test(arguments: Call.allCases)
    func `a known and an unknown address get the same result and cause the same writes`(_ call: Call)
        async throws
    {
        let world = try World {
            $0.emailVerification = .mandatory
            $0.loginByCodeEnabled = true
            $0.passwordResetByCode = call == .requestResetByCode
            $0.signupFields[.password1] = call == .logInWithoutPassword ? nil : true
        }
        _ = try await world.member("known@x.org")
        let caller = try await world.member("caller@x.org")
        let known = try await cost(of: call, "known@x.org", world, caller)
        let unknown = try await cost(of: call, "unknown@x.org", world, caller)
        #expect(known == unknown)
        #expect(known.attempts > 0)
        #expect(known.mails == (call == .logIn ? 0 : 1))
    }

    private func cost(of call: Call, _ email: String, _ world: World, _ caller: Client) async throws -> Cost {
        let store = CountingStore(store: world.store)
        let limiter = CountingLimiter()
        var settings = world.accounts.settings
        settings.rateLimits = RateLimits()
        let accounts = Accounts(
            store: store, keys: world.accounts.keys, settings: settings,
            passwords: PasswordHasher(cost: World.cheap), limiter: limiter, clock: world.clock)
        let before = try await world.rowCounts()
        let context = FlowContext(request: SignalRequest(client: .app, ip: "192.0.2.7"))
        let password = Password("Wr0ng-Secret-x9")
        let answer =
            switch call {
            case .logIn: try await accounts.logIn(LogIn(email: email, password: password), context).text
            case .logInWithoutPassword: try await accounts.logIn(LogIn(email: email), context).text
            case .requestLoginCode:
                try await accounts.requestLoginCode(RequestLoginCode(email: email), context).text
            case .requestReset, .requestResetByCode:
                try await accounts.requestPasswordReset(email, context).text
            case .signUp: try await accounts.signUp(SignUp(email: email, password: password), context).text
            case .addEmail:
                // The list of the caller's own addresses grows with each call and reveals nothing about the address.
                try await accounts.addEmail(email, caller.context).map { _ in () }.text
            }
        let after = try await world.rowCounts()
        return Cost(
            answer: answer, transactions: store.transactions.value, attempts: limiter.attempts.value,
            sessions: after[0] - before[0], mails: after[1] - before[1])
    }
}

/// A store that counts transactions.
private struct CountingStore: AccountStore {
    let store: any AccountStore
    let transactions = Locked(0)

    func transaction<R: Sendable>(
        _ body: @escaping @Sendable (any AccountTransaction) throws -> R
    ) async throws -> R {
        transactions.change { $0 += 1 }
        return try await store.transaction(body)
    }

    func read<R: Sendable>(_ body: @escaping @Sendable (any AccountReading) throws -> R) async throws -> R {
        try await store.read(body)
    }
}

/// A limiter that counts attempts.
private struct CountingLimiter: RateLimiter {
    let limiter = MemoryRateLimiter()
    let attempts = Locked(0)

    func consume(_ uses: [RateLimitUse], now: Date) async throws -> RateLimitDecision {
        attempts.change { $0 += uses.count }
        return try await limiter.consume(uses, now: now)
    }

    func refund(_ ticket: RateLimitTicket) async throws { try await limiter.refund(ticket) }
    func forget(_ buckets: [String]) async throws { try await limiter.forget(buckets) }
}
