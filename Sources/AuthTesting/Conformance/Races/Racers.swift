// SPDX-License-Identifier: Apache-2.0
import AuthFlows
import AuthSignals
import AuthStore
import Foundation
import Testing

/// Two processes that serve the flows of one database, and the ways to make them race.
struct Racers: Sendable {
    let clock = FixedClock()
    let stores: [any OperatedStore]
    let settings: AccountSettings
    private let keys = TestDatabase.Options().keys
    // A cheap cost, since no race is about hashing.
    private let passwords = PasswordHasher(
        cost: PasswordHasher.Cost(n: 16), queueLimit: 10_000, longestWait: .seconds(600))

    static let password = "Sup3r-Secret-x9"
    static let newPassword = "An0ther-Secret-y8"

    init(
        _ database: TestDatabase, _ configure: @Sendable (inout AccountSettings) -> Void = { _ in }
    ) async throws {
        stores = [try await database.store(clock: clock), try await database.store(clock: clock)]
        var settings = AccountSettings()
        settings.links.confirmEmail = "http://front/verify-email/{key}"
        settings.links.resetPasswordFromKey = "http://front/reset/{key}"
        settings.rateLimits = .off
        configure(&settings)
        self.settings = settings
    }

    private func accounts(_ store: any AccountStore) -> Accounts {
        Accounts(
            store: store, keys: keys, settings: settings, passwords: passwords, providers: [AnyProvider()],
            clock: clock)
    }

    var store: any OperatedStore { stores[0] }
    var accounts: Accounts { accounts(stores[0]) }

    /// The flows of one of the two processes.
    func accounts(ofProcess index: Int) -> Accounts { accounts(stores[index % 2]) }

    /// Runs `second` while `first` is stopped between the reads and the first write of its transaction.
    ///
    /// If the store makes `second` wait for `first`, `first` continues after a short time and commits before it.
    func race<A: Sendable, B: Sendable>(
        _ first: @escaping @Sendable (Accounts) async throws -> A,
        against second: @Sendable (Accounts) async throws -> B
    ) async throws -> (A, B) {
        let hold = WriteHold()
        let held = accounts(HeldStore(store: stores[0], hold: hold))
        let task = Task {
            defer { hold.arrive() }
            return try await first(held)
        }
        let other: B
        do {
            try await eventually("the first call has read or ended") { hold.hasArrived }
            other = try await second(accounts(ofProcess: 1))
        } catch {
            hold.open()
            _ = await task.result
            throw error
        }
        hold.open()
        return (try await task.value, other)
    }

    /// Runs a call many times, on both processes and all at once, and returns the results.
    func together<Result: Sendable>(
        _ count: Int, _ call: @escaping @Sendable (Accounts, Int) async throws -> Result
    ) async throws -> [Result] {
        try await withThrowingTaskGroup(of: Result.self) { group in
            for index in 0..<count {
                group.addTask { try await call(accounts(ofProcess: index), index) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    // MARK: Users

    /// A user with a password and addresses, all of them verified, the first one primary.
    func user(_ emails: String..., hasPassword: Bool = true) async throws -> User {
        var user = User.test(joined: clock.now())
        if hasPassword { user.passwordHash = try await passwords.hash(Password(Self.password)) }
        let written = user
        try await store.transaction { transaction in
            try transaction.insert(written)
            for email in emails {
                try transaction.insert(written.address(email, verified: true, primary: email == emails[0]))
            }
        }
        return user
    }

    /// The context of a session that a user is logged in with.
    func session(of user: User) async throws -> FlowContext {
        let token = SessionToken.random()
        let session = Session.test(
            token, of: user.id, expires: clock.now().addingTimeInterval(3600), created: clock.now())
        try await store.transaction { transaction in try transaction.insert(session) }
        return Self.context(token)
    }

    static func context(_ token: SessionToken? = nil) -> FlowContext {
        FlowContext(token: token, request: SignalRequest(client: .app))
    }

    /// The context of the session that a flow has opened.
    static func context<Value>(after result: FlowResult<Value>) throws -> FlowContext {
        let token: SessionToken? =
            switch result {
            case .success(let value): (value as? Authentication)?.newToken
            case .unauthenticated(let pending): pending.newToken
            default: nil
            }
        let opened: SessionToken = try #require(token, "a session was opened")
        return context(opened)
    }

    func signUp(
        _ email: String, username: String? = nil
    ) -> @Sendable (Accounts) async throws -> FlowResult<Authentication> {
        { accounts in
            try await accounts.signUp(
                SignUp(email: email, username: username, password: Password(Self.password)), Self.context())
        }
    }

    func logIn(_ email: String, _ password: String = password)
        -> @Sendable (Accounts) async throws
        -> FlowResult<Authentication>
    {
        { accounts in
            try await accounts.logIn(
                LogIn(email: email, password: Password(password)), Self.context())
        }
    }

    /// Logs in or connects with an account of the provider: `7 a@example.org*` is the account 7, whose address the
    /// provider has verified.
    func social(
        _ shown: String, _ process: SocialLoginSnapshot.Process = .login, _ context: FlowContext = context()
    ) -> @Sendable (Accounts) async throws -> FlowResult<SocialLoginOutcome> {
        { accounts in
            try await accounts.logInWithProviderToken(
                ProviderTokenLogIn(
                    provider: AnyProvider().id, process: process,
                    token: TokenLogin(clientID: "x", idToken: TokenText(shown))), context)
        }
    }

    // MARK: Mails and signals

    /// The queued mails to an address, the oldest first.
    func mails(to email: String) async throws -> [MailDraft] {
        try await store.dueMails(limit: 10_000, now: clock.now()).map(\.draft).filter { $0.to == email }
    }

    /// The key in the newest link that was mailed to an address.
    func key(mailedTo email: String) async throws -> String {
        let url = try #require(try await mails(to: email).last?.values["url"])
        return String(try #require(url.split(separator: "/").last))
    }

    /// The newest code that was mailed to an address.
    func code(mailedTo email: String) async throws -> String {
        try #require(try await mails(to: email).last?.values["code"])
    }

    /// The primary addresses before and after each change, as the signals tell.
    func changes() async throws -> [(from: String, to: String)] {
        try await store.pending().filter { $0.draft.name == EmailChanged.name }.map { row in
            let data = try SignalCodec.decoder().decode(JSONValue.self, from: row.draft.data)
            return (
                from: data["from_email_address"]?["email"]?.string ?? "",
                to: data["to_email_address"]?["email"]?.string ?? ""
            )
        }
    }

    /// The names of all signals, in order.
    func signals() async throws -> [SignalName] { try await store.pending().map(\.draft.name) }

    func count(_ name: SignalName) async throws -> Int { try await signals().filter { $0 == name }.count }
}

/// A provider that accepts any token: `7 a@example.org* b@example.org` is the account 7 with two addresses, of which
/// the first is verified by the provider.
private struct AnyProvider: SocialProvider {
    let id = "example"
    let name = "Example"
    let clientID: String? = "x"
    let ways = Set(SocialProviderWay.allCases)
    let discoveryURL: URL? = nil
    let policy = SocialProviderPolicy()

    func authorizationURL(_ request: AuthorizationRequest) async throws(SocialProviderError) -> URL {
        throw SocialProviderError(.unsupported, "no redirects")
    }

    func identity(for callback: AuthorizationCallback) async throws(SocialProviderError) -> SocialIdentity {
        throw SocialProviderError(.unsupported, "no redirects")
    }

    func identity(for token: TokenLogin) async throws(SocialProviderError) -> SocialIdentity {
        let words = (token.idToken?.exposedText ?? "").split(separator: " ").map(String.init)
        guard let uid = words.first else { throw SocialProviderError(.invalidToken, "empty token") }
        return SocialIdentity(
            provider: id, uid: uid,
            emailAddresses: words.dropFirst().map { word in
                SocialEmailAddress(
                    email: word.filter { $0 != "*" }, verified: word.hasSuffix("*"), primary: word == words[1]
                )
            })
    }
}

extension FlowResult {
    var isSuccess: Bool {
        if case .success = self { true } else { false }
    }

    /// The codes of the refusals; empty for any other result.
    var refusals: [Refusal.Code] {
        if case .refused(let refusals) = self { refusals.map(\.code) } else { [] }
    }
}
