// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import ToolSupport

/// A complete installation: a store, a fixed clock, and mail delivery.
///
/// The store is an SQLite store in memory, or one in PostgreSQL if `AUTH_TEST_STORE=postgres`.
final class World: Sendable {
    let clock: FixedClock
    let store: any OperatedStore
    let accounts: Accounts
    private let lastSequence = Locked<Int64>(0)
    private let delivered = Locked<[MailDraft]>([])

    /// A cheap cost, since most tests do not test hashing.
    static let cheap = PasswordHasher.Cost(n: 16)

    /// - Parameter limited: whether allauth's rate limits apply.
    init(
        limited: Bool = false, hooks: AccountHooks = AccountHooks(),
        providers: [any SocialProvider] = [ScriptedProvider()],
        passwords: PasswordHasher = PasswordHasher(
            cost: cheap, queueLimit: 10_000, longestWait: .seconds(600)),
        _ configure: (inout AccountSettings) -> Void = { _ in }
    ) throws {
        var settings = AccountSettings()
        settings.links.confirmEmail = "http://front/verify-email/{key}"
        settings.links.resetPasswordFromKey = "http://front/reset/{key}"
        if !limited { settings.rateLimits = .off }
        configure(&settings)
        clock = FixedClock()
        let keys = KeyRing(secret: "a secret of these tests")
        if TestStore.isPostgres {
            store = DeferredStore(keys: keys, clock: clock)
        } else {
            store = try SQLiteStore.inMemory(keys: keys, clock: clock)
        }
        accounts = Accounts(
            store: store, keys: keys, settings: settings, passwords: passwords, hooks: hooks,
            providers: providers, clock: clock)
    }

    /// The same installation after a restart with other settings.
    init(
        restarting former: World, providers: [any SocialProvider]? = nil,
        _ configure: (inout AccountSettings) -> Void = { _ in }
    ) {
        var settings = former.accounts.settings
        configure(&settings)
        store = former.store
        accounts = Accounts(
            store: store, keys: former.accounts.keys, settings: settings,
            passwords: former.accounts.passwords,
            limiter: former.accounts.limiter, hooks: former.accounts.hooks,
            providers: providers ?? former.accounts.providers, clock: former.clock)
        clock = former.clock
        lastSequence.change { $0 = former.lastSequence.value }
    }

    /// An installation that verifies addresses by a mailed code.
    static func verifyingByCode(
        limited: Bool = false, resends: Int = 2, _ more: (inout AccountSettings) -> Void = { _ in }
    ) throws -> World {
        try World(limited: limited) { settings in
            settings.emailVerification = .mandatory
            settings.emailVerificationByCode = true
            settings.emailVerificationResends = resends
            more(&settings)
        }
    }

    /// An installation with log-in by a mailed code.
    static func takingLoginCodes(
        limited: Bool = false, _ more: (inout AccountSettings) -> Void = { _ in }
    ) throws -> World {
        try World(limited: limited) { settings in
            settings.emailVerification = .mandatory
            settings.loginByCodeEnabled = true
            settings.loginByCodeResends = 1
            more(&settings)
        }
    }

    /// All delivered mails, oldest first.
    var mails: [MailDraft] { delivered.value }

    /// The newest mail delivered to an address.
    func newestMail(to email: String) -> MailDraft? { mails.last { $0.to == email } }

    /// Delivers the queued mails and returns them.
    @discardableResult
    func deliver() async throws -> [MailDraft] {
        var all: [MailDraft] = []
        while true {
            let due = try await store.dueMails(limit: 100, now: clock.now())
            if due.isEmpty { break }
            for mail in due { try await store.accepted(mail) }
            all += due.map(\.draft)
        }
        let new = all
        delivered.change { $0 += new }
        return new
    }

    /// The signals committed since the last call, in order, without those that accompany others.
    func newSignals() async throws -> [Said] {
        try await everyNewSignal().filter { !$0.name.accompaniesOthers }
    }

    /// All signals committed since the last call, in order.
    func everyNewSignal() async throws -> [Said] {
        var said: [Said] = []
        while true {
            let page = try await store.rows(after: lastSequence.value, limit: 1000, now: clock.now())
            if page.rows.isEmpty { return said }
            said += try page.rows.map(Said.init)
            lastSequence.change { $0 = page.cursor }
        }
    }

    /// An app client, which keeps its session token.
    func client(_ kind: SignalRequest.Client = .app, ip: String? = nil) -> Client {
        Client(world: self, kind: kind, ip: ip)
    }

    /// The rows of all tables about users and sessions, to compare before and after a call; of the outbox without the
    /// signals that accompany others.
    func contents() async throws -> [String] {
        // A store that numbers rows when they are read changes them then.
        _ = try await store.rows(after: lastSequence.value, limit: 1000, now: clock.now())
        return try await store.read { reading in
            try [
                "auth_user", "auth_email_address", "auth_session", "auth_mail", "auth_social_account",
                "auth_social_token", "auth_pending_signup",
            ].map { table in
                "\(table): " + (try reading.contents(of: table))
            } + reading.outboxContents()
        }
    }
}

extension World {
    /// The number of sessions, queued mails and signals.
    func rowCounts() async throws -> [Int] {
        try await store.read { reading in
            try ["auth_session", "auth_mail", "auth_outbox"].map { try reading.count(of: $0) }
        }
    }
}

/// The outcome of a call: its result, signals and mails.
struct Happened: Sendable {
    var result: FlowResult<any Sendable>
    /// All signals in commit order. Mails are delivered after the call, so that `email_confirmation_sent` is the last.
    var everySignal: [Said]
    var mails: [MailDraft]

    /// The signals in commit order, without those that accompany others.
    var signals: [Said] { everySignal.filter { !$0.name.accompaniesOthers } }
    var said: [String] { signals.map(\.text) }
    /// All signals.
    var everythingSaid: [String] { everySignal.map(\.text) }
    /// A short text of the result.
    var answer: String { result.text }
    /// The templates and recipients of the mails.
    var mailed: [String] { mails.map { "\($0.template.rawValue) to \($0.to)" } }
}

/// A client that keeps its session token.
final class Client: Sendable {
    let world: World
    private let kind: SignalRequest.Client
    private let ip: String?
    private let held = Locked<SessionToken?>(nil)

    init(world: World, kind: SignalRequest.Client, ip: String?) {
        self.world = world
        self.kind = kind
        self.ip = ip
    }

    /// The session token.
    var token: SessionToken? {
        get { held.value }
        set { held.change { $0 = newValue } }
    }

    var context: FlowContext {
        FlowContext(token: token, request: SignalRequest(client: kind, ip: ip, userAgent: "tests"))
    }

    /// Makes a call, keeps the returned token, and delivers the mails.
    func does<Value>(
        _ call: (Accounts, FlowContext) async throws -> FlowResult<Value>
    ) async throws -> Happened {
        _ = try await world.newSignals()
        let result = try await call(world.accounts, context).map { $0 as any Sendable }
        switch result {
        case .success(let redirect as AuthorizationRedirect): token = redirect.newToken ?? token
        case .success: token = result.authentication?.newToken ?? token
        case .unauthenticated(let pending): token = pending.newToken ?? token
        case .gone: token = nil
        default: break
        }
        let mails = try await world.deliver()
        return Happened(
            result: result, everySignal: try await world.everyNewSignal(), mails: mails)
    }
}
