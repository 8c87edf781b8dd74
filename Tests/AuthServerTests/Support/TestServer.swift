// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthServer
import AuthSignals
import AuthSQLiteStore
import AuthStore
import AuthTesting
import Foundation
import Hummingbird
import ServerTesting
import Logging
import Synchronization

/// The HTTP server over a store in memory.
final class TestServer: Sendable {
    let store: SQLiteStore
    let accounts: Accounts
    let settings: AuthServerSettings
    private let logger: Logger
    private let delivered = Mutex<[MailDraft]>([])

    /// - Parameter change: changes the settings, in which rate limits and notification mails are off.
    init(
        limiter: any RateLimiter = MemoryRateLimiter(), passwords: PasswordHasher = .quick,
        store: (any AccountStore)? = nil, settings: AuthServerSettings = AuthServerSettings(),
        logger: Logger = .quiet, hooks: AccountHooks = AccountHooks(),
        providers: [any SocialProvider] = [],
        _ change: (inout AccountSettings) -> Void = { _ in }
    ) throws {
        self.settings = settings
        self.logger = logger
        var settings = AccountSettings()
        settings.rateLimits = .off
        change(&settings)
        let keys = KeyRing(secret: "a secret of the test's, of more than 32 bytes")
        self.store = try SQLiteStore.inMemory(keys: keys)
        accounts = Accounts(
            store: store ?? self.store, keys: keys, settings: settings, passwords: passwords,
            limiter: limiter,
            hooks: hooks, providers: providers)
    }

    /// Sends requests to the routes.
    ///
    /// - Parameter setup: `.live` for a real socket.
    func run(
        _ setup: TestingSetup = .router,
        _ test: @escaping @Sendable (any TestClientProtocol) async throws -> Void
    ) async throws {
        let router = Router(context: BasicAuthRequestContext.self)
        router.add(middleware: RequestLogMiddleware())
        AuthRoutes(accounts: accounts, settings: settings).addRoutes(to: router)
        AccountPages(accounts: accounts, settings: settings).addRoutes(to: router)
        let application = Application(
            router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            logger: logger)
        try await application.test(setup, test)
    }

    /// Sends requests of an app client.
    func app(
        _ setup: TestingSetup = .router, _ test: @escaping @Sendable (AppClient) async throws -> Void
    ) async throws {
        try await run(setup) { try await test(AppClient($0)) }
    }

    /// Sends requests of an app client and returns the results.
    func collect<R: Sendable>(
        _ setup: TestingSetup, _ test: @escaping @Sendable (AppClient) async throws -> [R]
    ) async throws -> [R] {
        let results = Mutex<[R]>([])
        try await app(setup) { app in
            let all = try await test(app)
            results.withLock { $0 = all }
        }
        return results.withLock { $0 }
    }

    // MARK: Signals and mails

    /// The emitted signals in order, without those that accompany others.
    func drafts() async throws -> [SignalDraft] {
        try await everyDraft().filter { !$0.name.accompaniesOthers }
    }

    /// All emitted signals in order.
    func everyDraft() async throws -> [SignalDraft] {
        try await store.rows(after: 0, limit: 1000, now: .distantFuture).rows.map(\.draft)
    }

    /// The names of the emitted signals.
    func signals() async throws -> [String] { try await drafts().map(\.name.rawValue) }

    /// The queued mails, oldest first.
    func mails() async throws -> [MailDraft] {
        try await store.dueMails(limit: 1000, now: .distantFuture).map(\.draft)
    }

    /// Delivers all queued mails, which emits their signals.
    func deliver() async throws {
        for mail in try await store.dueMails(limit: 1000, now: .distantFuture) {
            delivered.withLock { $0.append(mail.draft) }
            try await store.accepted(mail)
        }
    }

    /// The last path component of a value in the newest mail that has it, delivered or not.
    func newestMailed(_ value: String) async throws -> String {
        let all = try await delivered.withLock { $0 } + mails()
        let text = all.last { $0.values[value] != nil }?.values[value] ?? ""
        return String(text.split(separator: "/").last ?? "")
    }

    /// The number of signals and mails, which every write of a flow changes.
    func writes() async throws -> [Int] { [try await signals().count, try await mails().count] }
}

extension PasswordHasher {
    /// Cheap hashes, for tests.
    static var quick: PasswordHasher { PasswordHasher(cost: Cost(n: 2)) }
}

extension Logger {
    /// A logger without output.
    static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}
