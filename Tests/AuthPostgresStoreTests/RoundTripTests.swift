// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthPostgres
import AuthPostgresStore
import AuthSignals
import AuthStore
import Foundation
import PostgresSupport
import Testing

/// How many round trips and statements flows take. Over a network a round trip costs more than a statement.
///
/// Rate limits are off. BEGIN, the question for the transaction's id and COMMIT are counted as statements.
@Suite(.enabled(if: PrivatePostgres.isAvailable, Comment(rawValue: PrivatePostgres.absence)))
struct RoundTripTests {
    let test: TestStore
    let ada: User
    let token = SessionToken.random()
    // A cheap cost, since hashing is not measured.
    private let passwords = PasswordHasher(cost: PasswordHasher.Cost(n: 16))
    private static let password = "Sup3r-Secret-x9"

    /// What was sent to the server.
    struct Traffic: Equatable, Sendable {
        var roundTrips: Int
        var statements: Int
    }

    init() async throws {
        // One connection, whose counters are read before and after.
        test = try await TestStore.make(connections: 1)
        var user = User.test("ada")
        user.passwordHash = try await passwords.hash(Password(Self.password))
        ada = user
        try await test.store.transaction { [ada, token] transaction in
            try transaction.insert(ada)
            try transaction.insert(ada.address("ada@example.org", verified: true, primary: true))
            try transaction.insert(ada.address("second@example.org"))
            try transaction.insert(ada.session(token))
        }
    }

    private var counters: Traffic {
        get async throws {
            try await test.pool.run { Traffic(roundTrips: $0.roundTrips, statements: $0.statements) }
        }
    }

    private func traffic(_ work: () async throws -> Void) async throws -> Traffic {
        let before = try await counters
        try await work()
        let after = try await counters
        return Traffic(
            roundTrips: after.roundTrips - before.roundTrips, statements: after.statements - before.statements
        )
    }

    private func roundTrips(_ work: () async throws -> Void) async throws -> Int {
        try await traffic(work).roundTrips
    }

    /// The flows on the store.
    private func accounts(_ verification: AccountSettings.EmailVerification, byCode: Bool = false) -> Accounts
    {
        var settings = AccountSettings()
        settings.links.confirmEmail = "http://front/verify-email/{key}"
        settings.emailVerification = verification
        settings.emailVerificationByCode = byCode
        settings.rateLimits = .off
        return Accounts(store: test.store, keys: .test, settings: settings, passwords: passwords)
    }

    private static func context(_ token: SessionToken? = nil) -> FlowContext {
        FlowContext(token: token, request: SignalRequest(client: .app))
    }

    // MARK: Flows

    @Test func `an authenticated request is one statement without a transaction`() async throws {
        let accounts = accounts(.mandatory)
        let traffic = try await traffic {
            let caller = try await accounts.sessions.authenticate(
                token: token, request: SignalRequest(client: .app))
            #expect(caller?.user.id == ada.id)
            #expect(caller?.emailAddresses.map(\.email) == ["ada@example.org", "second@example.org"])
        }
        #expect(traffic == Traffic(roundTrips: 1, statements: 1))
    }

    // With mandatory verification, a log-in reads before its transaction whether a mail would be sent.
    @Test(arguments: [(AccountSettings.EmailVerification.optional, 1), (.mandatory, 2)])
    func `a log-in is three round trips at most, besides the reads before its transaction`(
        _ verification: AccountSettings.EmailVerification, reads: Int
    ) async throws {
        let accounts = accounts(verification)
        let traffic = try await traffic {
            let result = try await accounts.logIn(
                LogIn(email: "ada@example.org", password: Password(Self.password)), Self.context())
            guard case .success = result else {
                Issue.record("not logged in")
                return
            }
        }
        #expect(traffic.roundTrips <= reads + 3)
        // BEGIN, id, lock, user; last log-in, session, signals, COMMIT.
        #expect(traffic.statements <= reads + 8)
        #expect(
            try await test.signals() == ["account.authentication_step_completed", "account.user_logged_in"])
    }

    @Test(arguments: [false, true])
    func `a sign-up that has to verify its address is two round trips`(byCode: Bool) async throws {
        let accounts = accounts(.mandatory, byCode: byCode)
        let traffic = try await traffic {
            let result = try await accounts.signUp(
                SignUp(email: "bob@example.org", password: Password(Self.password)), Self.context())
            guard case .unauthenticated = result else {
                Issue.record("not pending")
                return
            }
        }
        #expect(traffic.roundTrips <= 2)
        // BEGIN, id, two locks, users with the address; user, address, pending sign-up, mail, session, signals, COMMIT.
        #expect(traffic.statements <= 12)
        #expect(try await test.count("auth_mail") == 1)
    }

    @Test func `a wrong code is three round trips, besides the read before its transaction`() async throws {
        let accounts = accounts(.mandatory, byCode: true)
        let signedUp = try await accounts.signUp(
            SignUp(email: "bob@example.org", password: Password(Self.password)), Self.context())
        guard case .unauthenticated(let pending) = signedUp else {
            Issue.record("not pending")
            return
        }
        let context = Self.context(pending.newToken)
        let traffic = try await traffic {
            // A code that was never mailed, but for a chance of one in 25 billion.
            let result = try await accounts.confirmEmail(Code("BCDF-GHJK"), context)
            guard case .refused = result else {
                Issue.record("not refused")
                return
            }
        }
        #expect(traffic.roundTrips <= 1 + 3)
        // BEGIN, id, two locks, session; lock, user; session, signal, COMMIT.
        #expect(traffic.statements <= 1 + 10)
    }

    @Test func `adding an address is two transactions of three round trips, besides a read`() async throws {
        let accounts = accounts(.mandatory)
        let traffic = try await traffic {
            let result = try await accounts.addEmail("third@example.org", Self.context(token))
            guard case .success(let addresses) = result else {
                Issue.record("not added")
                return
            }
            #expect(addresses.count == 3)
        }
        #expect(traffic.roundTrips <= 1 + 3 + 3)
        // BEGIN, id, two locks, session; two locks, users with the address; COMMIT. The second one: also address, mail
        // and signal.
        #expect(traffic.statements <= 1 + 9 + 12)
        #expect(try await test.count("auth_mail") == 1)
    }

    // MARK: Views and transactions

    @Test func `a view of an address, its owners and their addresses is one round trip`() async throws {
        let seam: any AccountStore = test.store
        let trips = try await roundTrips {
            let name = try await seam.read { reading in
                let address = try reading.emailAddresses(matching: "ADA@example.org").first
                _ = try address.map { try reading.emailAddresses(of: $0.userID) }
                return try address.flatMap { try reading.user(id: $0.userID) }?.username
            }
            #expect(name == "ada")
        }
        #expect(trips == 1)
    }

    @Test func `a view of more statements is consistent`() async throws {
        let seam: any AccountStore = test.store
        let runs = Notes<Int>()
        let found = try await seam.read { [ada, token] reading in
            runs.add(1)
            let session = try? reading.session(tokenHash: token.hash)
            return (session?.id, try? reading.sessions(of: ada.id, now: Date()).count)
        }
        #expect(found.0 != nil)
        #expect(found.1 == 1)
        #expect(runs.all.count == 2)
    }

    @Test func `a change in a session is two round trips`() async throws {
        let trips = try await roundTrips {
            try await test.store.transaction { [token] transaction in
                guard var session = try transaction.session(tokenHash: token.hash), let id = session.userID
                else { throw Abandoned() }
                _ = try transaction.user(id: id)
                _ = try transaction.emailAddresses(of: id)
                _ = try transaction.session(tokenHash: token.hash)
                session.lastSeenAt = transaction.now
                try transaction.update(session)
                try transaction.emit(ThingHappened(1))
            }
        }
        #expect(trips == 2)
    }
}
